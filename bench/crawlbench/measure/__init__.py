"""How values are taken: rounds, laps, the turnstile, workers and files (floor 3)."""
