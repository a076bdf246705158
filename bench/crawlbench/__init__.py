"""crawlbench: the neutral referee for Python's ways to fetch many pages."""

__version__ = "0.1.0"
