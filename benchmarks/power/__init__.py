"""How soon crawlbench and other harnesses find a planted difference: `python -m benchmarks.power`.

`ground.py` plants, `rivals.py` and `referee.py` measure, `pieces.py` knows what is to be recorded,
`records.py` keeps it, `trials.py` cuts trials of some seconds from it, `page.py` writes the page.
"""
