"""The command line parses, calls, prints and exits (floor 5); nothing else prints or exits."""

from crawlbench.base.errors import INTERRUPTED

try:
    from crawlbench.cli.app import main
except KeyboardInterrupt:
    # Ctrl-C while modules are still read, in the first tenths of a second: nothing has begun.
    raise SystemExit(INTERRUPTED) from None

__all__ = ["main"]
