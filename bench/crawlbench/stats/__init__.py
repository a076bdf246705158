"""What the samples say: pure functions of records (floor 2)."""
