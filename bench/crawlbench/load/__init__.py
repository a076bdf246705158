"""Load on one server: generators, arrival, latencies, and the highest rate that holds (floor 4)."""
