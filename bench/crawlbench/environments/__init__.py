"""Other Pythons and packages than the manager's: requested, built once and kept (floor 4).

This module imports nothing, because `inspector.py` runs where only pyperf is certain to be
installed.
"""
