"""What many machines say together: verdicts, who agrees, who is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crawlbench.base.records import Quantity, Verdict
from crawlbench.cluster.merging import merge
from crawlbench.cluster.records import CellEstimate
from tests.cluster.blocks import GROUP, make_block, make_machine
from tests.stats.builders import make_plan, other
from tests.stats.lengths import two_lengths

pytestmark = pytest.mark.slow

FAST, SLOW = other("fast"), other("slow")
PLAN = make_plan(FAST, SLOW)


def merged(blocks, plan=PLAN):
    """Return what blocks of one sheet come to."""
    return merge([plan], lambda number: blocks)


def find(found, cell):
    return next(one for one in found.comparisons if one.cell == cell.name)


def eight(last):
    """Return eight machines, of which the last says something else."""
    draw = np.random.default_rng(1)
    blocks = [
        make_block(f"m{n}", {FAST.name: -0.3 + 0.004 * draw.normal(), SLOW.name: 0.0})
        for n in range(7)
    ]
    return [*blocks, make_block(make_machine("arm-1", "ARM"), {FAST.name: last, SLOW.name: 0.0})]


def test_verdict_over_machines_tells_on_how_many_it_holds():
    """Eight that agree: faster, on 8 of 8."""
    one = find(merged(eight(-0.3)), FAST)
    assert (one.verdict, one.machines, one.holds_on, one.against_on) == (Verdict.FASTER, 8, 8, 0)
    assert one.new_high < 0
    assert one.spread < 0.01


def test_machine_that_says_the_opposite_is_named():
    """Faster over all, holds on 7 of 8, slower on the ARM one; and each kind has its verdict."""
    one = find(merged(eight(0.05)), FAST)
    assert (one.verdict, one.holds_on, one.against) == (
        Verdict.FASTER,
        7,
        {"arm-1": Verdict.SLOWER},
    )
    assert one.spread_share > 0.9
    assert one.spread_p < 0.001
    assert [(kind.machines, kind.verdict) for kind in one.kinds] == [
        (7, Verdict.FASTER),
        (1, Verdict.SLOWER),
    ]


def test_machines_of_one_kind_have_no_verdicts_by_kind():
    """They would repeat the verdict over all."""
    one = find(
        merged([make_block("a", {FAST.name: -0.3}), make_block("b", {FAST.name: -0.31})]), FAST
    )
    assert one.kinds == ()


def test_machine_far_noisier_than_the_others_is_left_out_and_named():
    """By its control alone, whatever it says of the cells."""
    blocks = [make_block(f"m{n}", {FAST.name: -0.3 - n / 1000}) for n in range(4)]
    found = merged([*blocks, make_block("shaky", {FAST.name: 0.9}, noise=0.08)])
    assert [(one.machine, one.group) for one in found.left_out] == [("shaky", GROUP)]
    assert "more than 5 times the 1.0 % of the median machine" in found.left_out[0].reason
    one = find(found, FAST)
    assert (one.machines, one.verdict) == (4, Verdict.FASTER)


def test_control_vetoes_no_machine():
    """Twins that differ there widen what is said; a control without a number forbids nothing."""
    blocks = [make_block(f"m{n}", {FAST.name: -0.3 - n / 1000}, noise=None) for n in range(2)]
    blocks.append(make_block("odd", {FAST.name: -0.3}, widening=0.05))
    one = find(merged(blocks), FAST)
    assert (one.machines, one.verdict) == (3, Verdict.FASTER)


def test_cell_that_is_wrong_on_one_machine_is_judged_by_the_others():
    """The machine is named with its reason; wrong everywhere is invalid."""
    blocks = [
        make_block(f"m{n}", {FAST.name: -0.3 - n / 1000, SLOW.name: "hangs"}) for n in (0, 1, 2)
    ]
    found = merged([*blocks, make_block("m3", {FAST.name: "crashed", SLOW.name: "hangs"})])
    one = find(found, FAST)
    assert (one.machines, one.without_on, one.without) == (3, 1, {"m3": "crashed"})
    assert (find(found, SLOW).verdict, find(found, SLOW).reason) == (
        Verdict.INVALID,
        "hangs (on m0; invalid on 4 of 4 machines)",
    )


@pytest.mark.parametrize("names", ["abcd", "dcba"])
def test_wrong_data_weighs_more_than_no_answer(names):
    """Whatever the machines' names: the verdict is invalid, with the number of machines."""
    blocks = [make_block(name, {FAST.name: "hangs"}) for name in names[1:]]
    vain = CellEstimate(FAST.name, 1, None, None, Verdict.UNCLEAR, "fewer than two rounds")
    unclear = replace(make_block(names[0], {}), cells=(vain,))
    found = find(merged(sorted([*blocks, unclear], key=lambda one: one.machine.name)), FAST)
    first = min(names[1:])
    assert (found.verdict, found.reason) == (
        Verdict.INVALID,
        f"hangs (on {first}; invalid on 3 of 4 machines)",
    )
    assert find(merged([unclear]), FAST).reason == f"fewer than two rounds (on {names[0]})"


def test_failures_are_counted_for_each_machine():
    """Over all sheets; also of baselines and controls, which no comparison shows."""
    blocks = {
        sheet: [
            make_block("a", {cell.name: 0.1}, sheet=sheet, failures=sheet),
            make_block("b", {cell.name: 0.1}, sheet=sheet),
        ]
        for sheet, cell in ((1, FAST), (2, SLOW))
    }
    found = merge([make_plan(FAST), make_plan(SLOW)], blocks.__getitem__)
    assert found.failures == {"a": 3}


def test_machine_holds_at_the_level_of_the_cell_however_many_there_are():
    """One is called opposite only at a level that is shared among them."""
    # 0.03 lies 2.5 errors of 0.008 beyond the margin: enough at 95 % for ten rounds (2.26), not
    # at that error shared among 40 machines (4.6).
    blocks = [make_block(f"m{n:02}", {FAST.name: 0.03}, error=0.008) for n in range(39)]
    odd = make_block("odd", {FAST.name: -0.03}, error=0.008)
    found = find(merged([*blocks, odd], make_plan(FAST)), FAST)
    assert (found.verdict, found.holds_on, found.against_on) == (Verdict.SLOWER, 39, 0)
    worse = make_block("odd", {FAST.name: -0.1}, error=0.008)
    found = find(merged([*blocks, worse], make_plan(FAST)), FAST)
    assert (found.holds_on, found.against) == (39, {"odd": Verdict.FASTER})


def test_one_machine_keeps_its_interval():
    """Widened by what its own twins differ by."""
    one = find(merged([make_block("a", {FAST.name: 0.03})]), FAST)
    assert (one.verdict, one.is_fixed, one.spread, one.new_low) == (
        Verdict.SLOWER,
        True,
        None,
        None,
    )
    odd = find(merged([make_block("a", {FAST.name: 0.03}, widening=0.05)]), FAST)
    assert odd.high - odd.low == pytest.approx(one.high - one.low + 0.1)


def test_few_machines_are_told_of_themselves_and_many_of_their_sort():
    """Two that agree know more than one; from five on machines are a sample."""
    two = [make_block(name, {FAST.name: mean}) for name, mean in (("a", -0.18), ("b", -0.17))]
    one = find(merged(two), FAST)
    assert (one.verdict, one.is_fixed) == (Verdict.FASTER, True)
    assert one.high - one.low < 0.02
    five = [make_block(f"m{n}", {FAST.name: -0.18 + n / 500}) for n in range(5)]
    assert not find(merged(five), FAST).is_fixed


def test_holm_counts_the_cells_of_all_sheets():
    """A cell that is clear alone is not, if another sheet has cells that are not."""
    blocks = {
        sheet: [
            make_block(f"m{n}", {cell.name: mean + n / 1000}, sheet=sheet, error=0.008)
            for n in range(2)
        ]
        for sheet, cell, mean in ((1, FAST, 0.023), (2, SLOW, 0.0))
    }
    sheets = [make_plan(FAST), make_plan(SLOW)]
    both, alone = merge(sheets, blocks.__getitem__), merge(sheets[:1], blocks.__getitem__)
    assert find(alone, FAST).low == find(both, FAST).low
    assert [one.sheet for one in both.comparisons] == [1, 2]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.INVALID, Verdict.UNCLEAR), (Verdict.UNSUPPORTED, Verdict.FASTER)],
)
def test_cell_that_fails_on_all_machines_stays_in_the_family(verdict, expected):
    """Nobody gains by its failure; what all of them refuse was never in it."""
    silent = CellEstimate(SLOW.name, 0, None, None, verdict, "no")
    made = [make_block(f"m{n}", {FAST.name: -0.0225 - n / 1000}, error=0.008) for n in range(2)]
    blocks = [replace(block, cells=(*block.cells, silent)) for block in made]
    assert find(merged(made), FAST).verdict is Verdict.FASTER
    assert find(merged(blocks), FAST).verdict is expected


def test_equal_cells_are_seldom_called_different_over_machines():
    """Ten cells like the baseline on five machines: any false verdict in 5 % or less."""
    draw = np.random.default_rng(4)
    cells = [other(f"s{n}") for n in range(10)]
    plan = make_plan(*cells)
    alarms = 0
    for _ in range(300):
        blocks = [
            make_block(
                f"m{n}",
                {cell.name: float(draw.normal(0, 0.01)) for cell in cells},
                error=0.01,
                control=float(draw.normal(0, 0.01)),
            )
            for n in range(5)
        ]
        verdicts = {one.verdict for one in merged(blocks, plan).comparisons}
        alarms += bool(verdicts & {Verdict.FASTER, Verdict.SLOWER})
    assert alarms / 300 <= 0.05


def paged(name, whole, page, **options):
    """Return a block that says something of whole crawls, and something else of pages."""
    block, pages = (make_block(name, {FAST.name: mean}, **options) for mean in (whole, page))
    cells = [replace(one, quantity=Quantity.PAGE) for one in pages.cells]
    controls = [replace(one, quantity=Quantity.PAGE) for one in pages.controls]
    return replace(block, cells=(*block.cells, *cells), controls=(*block.controls, *controls))


def test_pages_and_whole_crawls_are_judged_apart():
    """Slower in a crawl of few pages, faster per page: each is a family of its own."""
    blocks = [paged(f"m{n}", 0.1 + n / 1000, -0.3 - n / 1000) for n in range(6)]
    found = merged(blocks, two_lengths(FAST))
    assert [(one.quantity, one.verdict, one.machines) for one in found.comparisons] == [
        (Quantity.TIME, Verdict.SLOWER, 6),
        (Quantity.PAGE, Verdict.FASTER, 6),
    ]
    assert [one.quantity for one in found.noise] == [Quantity.TIME, Quantity.PAGE]


def test_one_length_has_no_pages_to_judge():
    found = merged([make_block(f"m{n}", {FAST.name: -0.3 - n / 1000}) for n in range(3)])
    assert {one.quantity for one in found.comparisons} == {Quantity.TIME}


def test_machine_that_is_unsteady_by_pages_alone_counts_by_whole_crawls():
    """And its failures are counted once."""
    blocks = [paged(f"m{n}", 0.1 + n / 1000, -0.3 - n / 1000) for n in range(4)]
    shaky = paged("shaky", 0.1, 0.9, failures=1)
    controls = [
        replace(one, noise=0.2) if one.quantity is Quantity.PAGE else one for one in shaky.controls
    ]
    found = merged([*blocks, replace(shaky, controls=tuple(controls))], two_lengths(FAST))
    assert [(one.machine, one.quantity) for one in found.left_out] == [("shaky", Quantity.PAGE)]
    assert [(one.quantity, one.machines) for one in found.comparisons] == [
        (Quantity.TIME, 5),
        (Quantity.PAGE, 4),
    ]
    assert found.failures == {"shaky": 1}


@pytest.mark.parametrize("turn", [1, -1])
def test_order_of_machines_decides_nothing_where_only_one_has_twins(turn):
    """Another's twins failed; the difference of those that are left counts all the same."""
    blocks = [
        make_block("a", {FAST.name: 0.03}, control=None),
        make_block("b", {FAST.name: 0.03}, control=0.05, widening=0.05),
    ][::turn]
    assert find(merged(blocks), FAST).verdict is Verdict.UNCLEAR


def alike(count=3, **options):
    """Return machines on which a cell is like its baseline."""
    return [
        make_block(f"m{n}", {FAST.name: n / 10000}, error=0.001, **options) for n in range(count)
    ]


def test_same_over_machines_counts_rare_slow_laps_in_full():
    """As in the machines' own sessions; without slow laps it is the same on all of them."""
    one = find(merged(alike()), FAST)
    assert (one.verdict, one.holds_on) == (Verdict.SAME, 3)
    slow = find(merged(alike(excess=0.5)), FAST)
    assert (slow.verdict, slow.estimate) == (Verdict.UNCLEAR, one.estimate)
    mixed = find(merged([*alike(), *alike(1, excess=0.5)]), FAST)
    assert mixed.verdict is Verdict.UNCLEAR


def test_slow_laps_of_one_machine_are_not_counted_as_holding_there():
    """Of many machines it is one, so that the mean over machines is the same all the same."""
    blocks = [make_block(f"m{n:02}", {FAST.name: 0.0}, error=0.0005) for n in range(40)]
    odd = make_block("odd", {FAST.name: 0.0}, error=0.0005, excess=0.02)
    one = find(merged([*blocks, odd], make_plan(FAST)), FAST)
    assert (one.verdict, one.machines, one.holds_on, one.against_on) == (Verdict.SAME, 41, 40, 0)


def test_block_of_an_earlier_version_makes_nothing_the_same():
    """It has no means; faster and slower need none."""
    for means, verdict in ((0.0, Verdict.UNCLEAR), (-0.3, Verdict.FASTER)):
        block = make_block("old", {FAST.name: means}, error=0.001)
        cells = tuple(replace(one, of_means=None, of_means_error=None) for one in block.cells)
        assert find(merged([replace(block, cells=cells)]), FAST).verdict is verdict


@pytest.mark.parametrize(
    ("mean", "moved", "verdict"),
    [
        (0.04, (-0.05, 0.0), Verdict.UNCLEAR),
        (0.04, (0.0, 0.05), Verdict.SLOWER),
        (0.04, (-0.002, 0.0), Verdict.SLOWER),
        (-0.04, (-0.01, 0.05), Verdict.UNCLEAR),
        (-0.04, (-0.05, 0.0), Verdict.FASTER),
        (0.0, (-0.05, 0.0), Verdict.UNCLEAR),
        (0.0, (-0.001, 0.001), Verdict.SAME),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_doubts_take_a_verdict_over_machines_as_in_a_session(count, mean, moved, verdict):
    """Only where they point; the intervals contain both ways to see the values."""
    blocks = [
        make_block(f"m{n}", {FAST.name: mean + n / 10000}, error=0.0005, moved=moved)
        for n in range(count)
    ]
    one = find(merged(blocks, make_plan(FAST)), FAST)
    assert (one.verdict, one.holds_on) == (verdict, count)
    assert ("may not be its own" in one.reason) is (verdict is Verdict.UNCLEAR)
    assert one.low < mean + moved[0]
    assert one.high > mean + moved[1]
    if count == 3:
        assert one.new_low < mean + moved[0]
        assert one.new_high > mean + moved[1]


def test_doubts_of_one_machine_take_its_own_verdict_and_a_share_of_the_mean():
    """It is not counted as a machine on which the verdict holds."""
    blocks = [make_block(f"m{n}", {FAST.name: 0.04}, error=0.0005) for n in range(9)]
    odd = make_block("odd", {FAST.name: 0.04}, error=0.0005, moved=(-0.05, 0.0))
    one = find(merged([*blocks, odd], make_plan(FAST)), FAST)
    assert (one.verdict, one.holds_on, one.against_on) == (Verdict.SLOWER, 9, 0)
    even = find(merged(blocks, make_plan(FAST)), FAST)
    assert even.low - one.low == pytest.approx(0.005, abs=1e-3)
