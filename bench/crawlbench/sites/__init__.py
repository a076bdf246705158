"""What is crawled (floor 1)."""
