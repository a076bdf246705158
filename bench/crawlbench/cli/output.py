"""Where output goes (floor 5): results to standard output, all else to standard error."""

from __future__ import annotations

import sys

from rich.console import Console

__all__ = ["INTERRUPTED", "complain", "result_console", "status_console"]

INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended."""


def result_console() -> Console:
    """Return the console for results: plain and not cut when it is not a terminal."""
    return Console(highlight=False, soft_wrap=False)


def status_console() -> Console:
    """Return the console for progress."""
    return Console(stderr=True, highlight=False)


def complain(sentence: str) -> None:
    """Say what went wrong, in one line."""
    sys.stderr.write(f"crawlbench: {' '.join(sentence.split())}\n")
