"""The one way our processes start other processes (floor 0).

A child starts with `-P`, so that its import path holds no folder that nobody named, and with an
environment that neither slows nor changes it. It speaks lines of JSON, its last words are kept, it
can be given a deadline, and it ends with whoever started it. Where many children would import the
same modules, one child imports them, stands ready, and forks a process for each job.
"""

from crawlbench.base.children.channel import (
    Message,
    Say,
    end_with_parent,
    listen,
    open_channel,
    raise_told,
    tell_error,
)
from crawlbench.base.children.child import (
    Child,
    ChildEnded,
    explain_end,
    last_line,
    telling_line,
)
from crawlbench.base.children.forks import ForkJob, count_files, serve_forks, why_not_fork
from crawlbench.base.children.launch import INSTALLED_FIRST, clean_environment, python_command
from crawlbench.base.children.nursery import Ended, Nursery, run_alone
from crawlbench.base.children.plain import PlainChild

__all__ = [
    "INSTALLED_FIRST",
    "Child",
    "ChildEnded",
    "Ended",
    "ForkJob",
    "Message",
    "Nursery",
    "PlainChild",
    "Say",
    "clean_environment",
    "count_files",
    "end_with_parent",
    "explain_end",
    "last_line",
    "listen",
    "open_channel",
    "python_command",
    "raise_told",
    "run_alone",
    "serve_forks",
    "tell_error",
    "telling_line",
    "why_not_fork",
]
