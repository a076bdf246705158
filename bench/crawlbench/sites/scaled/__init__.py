"""The list of any length: `douban-x1` to `douban-x100000`, as many pages of 25 (floor 1)."""
