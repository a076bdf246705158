"""What can go wrong, as one small tree (floor 0: imports nothing of ours).

The command line prints each as one sentence and exits with its `exit_code`; nothing else prints or
exits. A message has three parts: what failed, the value seen, and what would work.
"""

SLOWER, MISUSED, UNCLEAR, INVALID = 1, 2, 3, 4
"""Exit codes: slower beyond a gate; input that cannot be used; a gate that could not be decided;
something invalid, or any other failure."""
INTERRUPTED = 130
"""The exit code that shells expect of a program that Ctrl-C ended."""


class BenchError(Exception):
    """Base of all errors that are raised on purpose."""

    exit_code = INVALID


class UsageError(BenchError):
    """Raised when the user's input cannot be used: option, name, file or folder."""

    exit_code = MISUSED


class UnknownNameError(UsageError):
    """Raised when no plug-in of that kind has that name."""


class NotInstalledError(UsageError):
    """Raised when a known plug-in needs a package that is not installed here."""


class BrokenPluginError(UsageError):
    """Raised when a plug-in is installed but cannot be imported or is not what it claims."""


class SessionFileError(UsageError):
    """Raised when a folder or file that should hold a session does not, or holds a broken one."""


class SchedulerLostError(BenchError):
    """Raised when a Dask scheduler is gone."""


class StorageError(BenchError):
    """Raised when results cannot be written: a full disk, a folder that was taken away."""


class DrawingError(BenchError):
    """Raised when a page or a picture cannot be drawn; what was measured is not affected."""


class BlockedPageError(BenchError):
    """Raised when a page came with status 200 but without the list that the site must have."""


class EnvironmentFailure(BenchError):  # noqa: N818  (EnvironmentError is another of Python's)
    """Raised when an environment cannot be built or inspected; the message names it."""


class MirrorError(BenchError):
    """Raised when the mirror does not start, or dies, or does not answer its manager."""


class CellError(BenchError):
    """Raised when one cell crashes, hangs, raises or returns something wrong.

    It costs that cell only: the session records the reason and goes on.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = detail
        """The worker's last words, such as a traceback."""


class LoopRefusal(BenchError):  # noqa: N818  (an answer, not a mistake)
    """Raised when an event loop says that it does not support an operation."""


class CellRefusal(CellError):  # noqa: N818  (as above)
    """Raised when a cell's event loop says that it does not support what the cell asks of it."""
