"""Says in a sentence how a worker ended, from its exit code and its last words (floor 3)."""

from __future__ import annotations

import re
import signal

_HANG = re.compile(r"^Timeout \(", re.MULTILINE)
_FRAME = re.compile(
    r'^  File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<where>.+)$', re.MULTILINE
)


def explain_exit(code: int, words: str, timeout_s: float) -> str:
    """Return why a worker ended early.

    Args:
        code: as `Process.returncode` gives it; negative for a signal.
        words: everything it wrote to standard error.
        timeout_s: the time after which it ends itself, with a traceback in faulthandler's form.
    """
    if hang := _HANG.search(words):
        frame = _FRAME.search(words, hang.end())
        where = f"; it was at {frame['file']}:{frame['line']} ({frame['where']})" if frame else ""
        return f"hung: a value took more than {timeout_s:g} s (--timeout){where}"
    if code < 0:
        return f"the worker was killed by {signal.Signals(-code).name}"
    if code == 0:
        return "the worker ended with exit code 0 before its values were taken"
    lines = words.strip().splitlines()
    return f"the worker ended with exit code {code}: {lines[-1] if lines else 'it said nothing'}"
