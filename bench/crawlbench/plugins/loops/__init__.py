"""Settings of the stock event loop that have no factory of their own (floor 1).

Each is a class of ours, so that a worker can tell which one ran.
"""
