"""The page of the largest suite: small enough to send, quick to open, and still to be read."""

from __future__ import annotations

import functools
import random
from dataclasses import replace

import pytest

from crawlbench.base.records import Cell
from crawlbench.measure.suite import load_suite
from crawlbench.report.charts.chart import MAX_CELLS
from crawlbench.stats.judge import judge
from tests.extras import needs
from tests.report.traces import traced
from tests.stats.builders import make_plan, make_session

pytestmark = needs("altair")
STRATEGIES = 31
"""With two event loops each but one: as many as there are with all clients installed."""
PAGES = {"douban-top250": 10, "douban-subjects": 260}
TITLES = "() => [...document.querySelectorAll('figcaption')].map(title => title.textContent)"
WIDE = "document.documentElement.scrollWidth"
NAMES = """number => document.querySelector(`#chart-ratios-${number} svg`).textContent
  .split("a-strategy-of-some-client").length - 1"""


def full_session():
    """Return a judged session of as many cells and values as the suite `full` plans, and traces."""
    suite, noise = load_suite("full"), random.Random(1)
    seconds = {
        Cell(site, network, f"a-strategy-of-some-client-{n}", loop, "lxml", concurrency): 0.5
        / (1 + n * concurrency / 50)
        for site in PAGES
        for network in suite.networks
        for n in range(STRATEGIES)
        for loop in (suite.event_loops if n else (None,))
        for concurrency in suite.concurrency
    }
    baselines = {}
    for cell in seconds:
        baselines.setdefault(cell.group, cell)
    seconds |= {replace(cell, control=True): seconds[cell] for cell in baselines.values()}
    plan = make_plan(
        suite="full",
        cells=tuple(seconds),
        baselines={group: cell.name for group, cell in baselines.items()},
        rounds=suite.rounds,
    )
    rounds = [
        {
            cell: [base * noise.lognormvariate(0, 0.01) for _ in range(suite.laps)]
            for cell, base in seconds.items()
        }
        for _ in range(suite.rounds)
    ]
    trace = [r for cell in seconds for r in traced(cell.name, PAGES[cell.site])]
    return judge(make_session(plan, rounds, seconds=9e3)), trace


@functools.cache
def full_page():
    """Return its page."""
    from crawlbench.report.html import render_page
    from tests.report.views import make_page

    return render_page(make_page(*full_session()))


@pytest.mark.parametrize(
    "width", [pytest.param(width, marks=pytest.mark.long) for width in (360, 1440)]
)
def test_page_of_full_can_be_sent_and_read(open_page, width):
    """All cells in ratios and table; of other charts as many as one reads, and they say so."""
    assert len(full_page().encode()) < 6_000_000
    opened = open_page(full_page(), width=width)
    opened.picture(f"full-{width}.png")
    assert opened.complaints == []
    assert opened.ask(WIDE) <= width
    assert opened.ask("document.documentElement.scrollHeight") < 35_000
    sizes = len(load_suite("full").concurrency)
    cells = sizes * (2 * STRATEGIES - 1) + 1
    assert [opened.ask(NAMES, number) for number in (1, 2, 3, 4)] == [cells] * 4
    cut = [title for title in opened.ask(TITLES) if f"{MAX_CELLS} of {cells} cells" in title]
    assert len(cut) == 6 * 4
    opened.page.locator("#filter").fill("client-7 uvloop wan subjects")
    assert opened.page.locator("#count").inner_text() == f"{sizes} of {4 * cells} rows"
