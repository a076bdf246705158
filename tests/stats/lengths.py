"""Sessions of two lengths made of given numbers, for tests of what follows from them."""

from __future__ import annotations

import random
from dataclasses import replace

from crawlbench.base.records import LongForm
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session

FORM = LongForm("long", 100, 10)
THREE = LongForm("long", 100, 10, "middle", 30)
GROUP = BASELINE.group


def long(cell):
    """Return a cell's long form."""
    return cell.lengthened(FORM.site)


def two_lengths(*cells, **changes):
    """Return a plan in which these cells, and the twins, crawl two lengths."""
    longs = [long(cell) for cell in (BASELINE, *cells, CONTROL)]
    plan = make_plan(*cells, long_forms={GROUP: FORM}, **changes)
    return replace(plan, cells=(*plan.cells, *longs))


def three_lengths(*cells, **changes):
    """Return a plan in which they crawl a middle length, too."""
    plan = two_lengths(*cells, **changes)
    middles = [cell.lengthened(THREE.middle) for cell in (BASELINE, *cells, CONTROL)]
    return replace(plan, cells=(*plan.cells, *middles), long_forms={GROUP: THREE})


def crawl_rounds(costs, count=6, laps=2, spread=0.0):
    """Return rounds in which each cell pays what it costs to begin, and per page.

    Args:
        costs: cell to seconds to begin and per page.
        count: of rounds.
        laps: of each.
        spread: of each value's own noise.
    """
    draw = random.Random(1)

    def value(begin_s, page_s, pages):
        return [(begin_s + pages * page_s) * (1 + draw.gauss(0, spread)) for _ in range(laps)]

    made = []
    for _ in range(count):
        by_cell = {}
        for cell, (begin_s, page_s) in costs.items():
            by_cell[cell] = value(begin_s, page_s, FORM.short_pages)
            by_cell[long(cell)] = value(begin_s, page_s, FORM.pages)
        made.append(by_cell)
    return made


def make_two_lengths(costs, failures=(), plan=None, **options):
    """Return an unjudged session of cells with these costs; the control costs what the base does.

    Args:
        costs: cell to seconds to begin and per page, the baseline's among them.
        failures: of cells.
        plan: None for one of these cells.
        options: of the rounds.
    """
    others = [cell for cell in costs if cell is not BASELINE]
    every = {**costs, CONTROL: costs[BASELINE]}
    plan = plan or two_lengths(*others)
    return make_session(plan, crawl_rounds(every, **options), failures)
