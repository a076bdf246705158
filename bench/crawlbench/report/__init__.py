"""A session as tables and notes, for the terminal and Markdown (floor 3)."""
