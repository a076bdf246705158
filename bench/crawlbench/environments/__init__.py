"""Pythons and packages besides the manager's own: requested, built once, kept (floor 4).

Nothing is imported here: `inside.py` runs where only pyperf is certain to be installed.
"""
