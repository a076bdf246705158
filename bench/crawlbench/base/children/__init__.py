"""The one way in which a process of ours starts another (floor 0).

A child starts with `-P`, so that no folder that nobody named is on its import path, and with an
environment that neither slows nor changes it. It speaks lines of JSON, keeps its last words, can be
given a deadline, and ends with whoever started it.
"""

from crawlbench.base.children.channel import (
    Message,
    Say,
    end_with_parent,
    listen,
    open_channel,
)
from crawlbench.base.children.child import Child, ChildEnded, explain_end, last_line
from crawlbench.base.children.launch import clean_environment, python_command
from crawlbench.base.children.plain import PlainChild, ask

__all__ = [
    "Child",
    "ChildEnded",
    "Message",
    "PlainChild",
    "Say",
    "ask",
    "clean_environment",
    "end_with_parent",
    "explain_end",
    "last_line",
    "listen",
    "open_channel",
    "python_command",
]
