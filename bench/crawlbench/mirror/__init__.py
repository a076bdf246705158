"""The server of the fixture pages, in a process of its own (floor 3)."""
