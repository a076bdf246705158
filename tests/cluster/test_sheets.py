"""Plans cut into sheets: nothing lost, nothing compared across."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.cluster.sheets import SHEET_CELLS, cut
from crawlbench.measure import matrix
from crawlbench.measure.suite import load_suite
from tests.stats.builders import BASELINE, CONTROL, make_plan, other


@cache
def plan_of(suite):
    """Return the plan of a suite of ours."""
    return matrix.make_plan(suite, load_suite(suite))


def check(plan, sheets, most):
    """Assert what holds for all cuts."""
    compared = [
        c.name for c in plan.cells if not c.control and c.name not in plan.baselines.values()
    ]
    found = [
        cell.name
        for sheet in sheets
        for cell in sheet.cells
        if not cell.control and cell.name not in plan.baselines.values()
    ]
    assert sorted(found) == sorted(compared)
    for sheet in sheets:
        assert len(sheet.cells) <= most
        assert len({cell.name for cell in sheet.cells}) == len(sheet.cells)
        groups = {cell.group for cell in sheet.cells}
        assert sheet.baselines == {group: plan.baselines[group] for group in groups}
        for group in groups:
            cells = [cell for cell in sheet.cells if cell.group == group]
            assert sum(cell.control for cell in cells) == 1
            assert plan.baselines[group] in {cell.name for cell in cells}


def test_plan_that_fits_is_one_sheet():
    """It is measured as it is."""
    plan = make_plan(other("a"), other("b"))
    assert cut(plan) == (plan,)


@pytest.mark.parametrize("most", [3, 4, 7, 50])
def test_group_that_does_not_fit_is_cut_around_its_baseline_and_control(most):
    """Each part has both, and every other cell is in one part."""
    plan = make_plan(*(other(f"s{n}") for n in range(20)))
    check(plan, cut(plan, most), most)


def test_groups_share_a_sheet_while_they_fit():
    """Whole groups in their order; a group that does not fit any more opens the next sheet."""
    cells, baselines = [], {}
    for network in ("one", "two", "three"):
        base = replace(BASELINE, network=network)
        cells += [base, other("a", network=network), replace(CONTROL, network=network)]
        baselines[base.group] = base.name
    plan = make_plan(cells=tuple(cells), baselines=baselines)
    sheets = cut(plan, 6)
    check(plan, sheets, 6)
    assert [len(sheet.cells) for sheet in sheets] == [6, 3]


@pytest.mark.parametrize("suite", ["full", "loops"])
@pytest.mark.parametrize("most", [SHEET_CELLS, 40])
def test_suites_of_hundreds_of_cells_are_cut(suite, most):
    """`full` and `loops`, as installed here."""
    plan = plan_of(suite)
    sheets = cut(plan, most)
    check(plan, sheets, most)
    assert len(sheets) > 1
    for sheet in sheets:
        assert {facts.name for facts in sheet.operations} == {
            cell.operation for cell in sheet.cells if cell.operation
        }


def test_sheet_of_two_cells_is_refused():
    """It could compare nothing."""
    with pytest.raises(UsageError, match="sheets of 2 cells compare nothing"):
        cut(make_plan(other("a")), 2)
