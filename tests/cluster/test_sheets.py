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
from tests.stats.lengths import three_lengths, two_lengths


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


@pytest.mark.parametrize(
    ("make", "lengths", "most"),
    [(two_lengths, 2, 6), (two_lengths, 2, 9), (three_lengths, 3, 9), (three_lengths, 3, 20)],
)
def test_long_forms_go_where_their_cells_go(make, lengths, most):
    """Each sheet can tell what a page costs of each of its cells, the twins among them."""
    plan = make(*(other(f"s{n}") for n in range(7)))
    sheets = cut(plan, most)
    assert len(sheets) > 1
    for sheet in sheets:
        assert len(sheet.cells) <= most
        own = {cell.name for cell in sheet.own_cells}
        assert {*plan.twins[BASELINE.group]} < own
        assert len(sheet.cells) == lengths * len(own)
        assert sheet.long_names.keys() == own
        assert sheet.long_forms == plan.long_forms
    compared = [cell.strategy for sheet in sheets for cell in sheet.own_cells]
    assert sorted(name for name in compared if name != "base") == [f"s{n}" for n in range(7)]


def test_sheet_has_the_long_forms_of_its_own_groups_alone():
    plan = two_lengths(other("a"))
    elsewhere = [replace(cell, network="far") for cell in (BASELINE, CONTROL, other("a"))]
    baselines = plan.baselines | {elsewhere[0].group: elsewhere[0].name}
    plan = replace(plan, cells=(*plan.cells, *elsewhere), baselines=baselines)
    first, second = cut(plan, 6)
    assert (first.long_forms, second.long_forms) == (plan.long_forms, {})


def test_sheet_too_small_for_the_lengths_is_refused():
    """It says how many cells would do."""
    with pytest.raises(UsageError, match=r"sheets of 5 cells compare nothing: .* 2 lengths .* 6"):
        cut(two_lengths(other("a")), 5)
