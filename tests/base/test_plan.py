"""The names of cells, which are keys in all published files."""

from __future__ import annotations

from dataclasses import replace

from tests.stats.builders import BASELINE
from tests.stats.operating import make_facts, make_operations_plan

from crawlbench.base.records import Cell


def test_cell_of_an_operation_is_called_by_it_and_its_loop():
    """Nothing of a crawl is in its name."""
    cell = Cell.of_operation("sleep-zero", "uvloop")
    assert (cell.name, cell.group) == ("sleep-zero/uvloop", "sleep-zero")
    elsewhere = replace(cell, environment="py314")
    assert (elsewhere.name, elsewhere.group) == ("sleep-zero/uvloop/@py314", "sleep-zero")


def test_control_of_an_operation_is_its_twin_in_the_same_group():
    """In all but its name."""
    cell = Cell.of_operation("sleep-zero", "asyncio")
    control = replace(cell, control=True)
    assert (control.name, control.group) == ("sleep-zero/asyncio/control", cell.group)


def test_cell_of_a_crawl_is_called_as_ever():
    """Sessions of before are still read."""
    assert (BASELINE.name, BASELINE.group) == ("base/-/lxml/c10/net/site", "site/net")


def test_plan_tells_the_facts_of_a_cells_operation():
    """None for a crawl."""
    facts = make_facts("lock")
    plan = make_operations_plan(make_facts(), facts, with_crawls=True)
    assert plan.operation(Cell.of_operation("lock", "uvloop")) == facts
    assert plan.operation(BASELINE) is None
