"""A session keeps what the mirrors saw of one crawl of each cell."""

from __future__ import annotations

from collections import Counter

import pytest

from crawlbench.measure.store import load_session
from crawlbench.report.trace_file import load_trace


@pytest.mark.slow
@pytest.mark.long  # tests/test_session.py looks at the trace of the session that it has
def test_session_has_the_trace_of_one_crawl_of_each_cell(crawlbench, tmp_path):
    """Ten requests each, over TLS too; a resumed session keeps it byte for byte."""
    arguments = ("-n", "loopback", "-n", "loopback-tls", "-s", "aiohttp-gather", "-l", "uvloop")
    once = ("--laps", "1", "--rounds", "1")
    outcome = crawlbench("run", "quick", *arguments, *once, "-o", "session")
    assert outcome.returncode == 0, outcome.stderr
    folder = tmp_path / "session"
    session, trace = load_session(folder), list(load_trace(folder))
    cells = {cell.name for cell in session.plan.cells}
    assert {cell for cell in cells if "loopback-tls" in cell}
    assert Counter(request.cell for request in trace) == dict.fromkeys(cells, 10)
    assert all(request.status == 200 and request.connection for request in trace)
    for cell in cells:
        assert min(request.opened_s for request in trace if request.cell == cell) == 0
    before = (folder / "trace.jsonl.gz").read_bytes()
    crawlbench("run", "--resume", "session")
    assert (folder / "trace.jsonl.gz").read_bytes() == before
