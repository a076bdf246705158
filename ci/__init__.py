"""The programs that CI services call; they use Python's standard library only.

Nothing is installed when they start, and no module here imports crawlbench, which runs in a Python
of its own. `compare` is the command behind `action.yml`, `post` posts the comment that it wrote,
and `pins` shows which of our own pins a change moves.
"""
