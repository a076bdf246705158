"""How a worker ends: all that was to be done at its end is done, then it is gone (floor 3).

An interpreter that ends takes apart all modules and objects, which costs a worker as much CPU time
as a fifth of its start, and in which nothing is left to be seen. Imported by workers.
"""

from __future__ import annotations

import atexit
import os
import sys

__all__ = ["Leaving"]


class Leaving:
    """Ends the process where taking the interpreter apart would begin, if all went well."""

    def __init__(self) -> None:
        """Come first, so as to be called last: after what a contestant wants done at the end."""
        self.is_done = False
        """Whether the work is; else the process ends as any does."""
        self._end = os._exit  # before anybody can patch it
        atexit.register(self._leave)

    def _leave(self) -> None:
        if self.is_done:
            sys.stderr.flush()
            self._end(0)
