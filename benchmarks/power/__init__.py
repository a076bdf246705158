"""How soon crawlbench and other harnesses find a planted difference: `python -m benchmarks.power`.

`ground.py` plants differences, `rivals.py` and `referee.py` measure, `pieces.py` lists what to
record, `records.py` keeps it, `trials.py` cuts trials of some seconds from it, and `page.py` writes
the page.
"""
