"""The command line: parse, call, print, exit (floor 5; the only place that prints and exits)."""

from crawlbench.cli.app import main

__all__ = ["main"]
