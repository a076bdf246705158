"""The command line parses, calls, prints and exits (floor 5); nothing else prints or exits."""

from crawlbench.cli.app import main

__all__ = ["main"]
