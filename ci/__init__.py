"""What CI services call: Python's own library alone, as nothing is installed there yet.

`compare` is the command behind `action.yml`; `post` posts what it wrote; `pins` tells which of
our own pins a change moves. No module here imports crawlbench: it runs in a Python of its own.
"""
