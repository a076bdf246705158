"""What plugs in: found by entry point or by file, described, and tried in a child (floor 1)."""
