"""What the committed reference session says, so that tests need not know its figures."""

from __future__ import annotations

from pathlib import Path

import pyperf

from crawlbench.measure.store import load_session
from tests.report.views import group_tables

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


def reference_row(strategy, verdict="faster"):
    """Return seconds, ratio, interval and verdict of the first such row, by today's rules."""
    rows = [row for table in group_tables(load_session(REFERENCE)) for row in table.rows]
    return next(row[3:7] for row in rows if row[0] == strategy and row[6] == verdict)


def plain_mean():
    """Return what pyperf's file alone says of serial requests on loopback, in milliseconds."""
    suite = pyperf.BenchmarkSuite.load(str(REFERENCE / "suite.json"))
    name = "requests-serial/-/lxml/c10/loopback/douban-top250"
    return f"{suite.get_benchmark(name).mean() * 1e3:.1f} ms"
