"""`python -m crawlbench` (floor 6)."""

import os
import sys

# `python -m` puts the current folder first on the path, which the script `crawlbench` does not: a
# `queue.py` in that folder must not take the place of Python's own.
if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:  # noqa: PTH109  (pathlib is not safe yet)
    del sys.path[0]

from crawlbench.cli import main

if __name__ == "__main__":
    main()
