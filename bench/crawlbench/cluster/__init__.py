"""Sessions on many machines at once, on Dask (floor 4).

Nothing here imports Dask before it is asked for: it is an extra.
"""
