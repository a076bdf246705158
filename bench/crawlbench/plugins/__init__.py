"""Plug-ins: found by entry point or by file, described, and tried in a child process (floor 1)."""
