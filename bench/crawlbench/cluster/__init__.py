"""Sessions on many machines at once, on Dask (floor 4).

Dask is an extra, so it is imported only when it is used.
"""
