"""The types that all rooms share (items, sites, sessions), and the plain tools they need (floor 0).

Nothing here imports from a higher floor.
"""
