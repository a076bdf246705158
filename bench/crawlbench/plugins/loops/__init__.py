"""Variants of the stock event loop for which asyncio has no factory (floor 1).

Each is a class of ours, so that a worker can tell which one ran.
"""
