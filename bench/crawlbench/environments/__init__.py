"""Pythons and packages beside the manager's own: asked for, built once, kept (floor 4).

Nothing is imported here: `inside.py` runs where only pyperf is sure to be.
"""
