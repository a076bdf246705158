"""`python -m crawlbench` (floor 5)."""

from crawlbench.cli import main

if __name__ == "__main__":
    main()
