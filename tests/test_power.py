"""The comparison of harnesses records what is missing, cuts fair trials, claims nothing else."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path

import pytest
from benchmarks.power import page, picture, pieces, trials
from benchmarks.power.pieces import DURATIONS, HARNESSES, LEVELS, Piece, all_due, all_pieces
from benchmarks.power.records import Block, load_blocks, write_blocks, write_record
from benchmarks.power.rivals import RIVALS
from benchmarks.power.windows import find_windows

ROOT = Path(__file__).resolve().parent.parent


def made_blocks(level, share, seed, value_s=0.03, noise=0.01):
    """Return blocks of both sides in turn, of which the second takes longer."""
    rng = random.Random(seed)
    blocks = []
    for place in range(level.blocks):
        side, ended, values = place % 2, 0.5, []
        while ended < level.block_s - value_s:
            value = value_s * (1 + share * side) * rng.lognormvariate(0, noise)
            ended += value
            values.append((ended, value))
        blocks.append(Block(side, level.block_s, tuple(values)))
    return blocks


def keep_all(folder, level=0):
    """Write made pieces of all harnesses but crawlbench."""
    for piece in all_pieces():
        if piece.level == level and piece.harness in RIVALS:
            blocks = made_blocks(LEVELS[level], piece.share, piece.name, value_s=0.1)
            about = {"began": "2026-11-29T00:00:00+00:00", "version": "1"}
            write_blocks(folder / f"{piece.name}.json.gz", blocks, about)


def test_each_record_takes_twenty_minutes_and_all_of_them_a_night():
    assert sum(level.seconds for level in LEVELS) == pytest.approx(20 * 60, rel=0.05)
    assert len(all_pieces()) == len(HARNESSES) * 2 * 2 * len(LEVELS)
    assert len({one.name for one in all_due()}) == len(all_due())
    assert min(DURATIONS) == 15
    assert max(DURATIONS) == 300


def test_all_harnesses_get_as_far_before_any_gets_further():
    """So that after twenty minutes there is something to compare."""
    first = all_pieces()[: 2 * len(HARNESSES)]
    assert {one.harness for one in first} == set(HARNESSES)
    assert {(one.level, one.has_company) for one in first} == {(0, False)}


def test_nothing_recorded_claims_nothing(tmp_path):
    """The page says how much is missing, and has neither table nor picture."""
    text = page.render(tmp_path, trials.find_rates(tmp_path, RIVALS), "")
    assert text.startswith("Nothing was recorded yet: 100 pieces and 50 live sessions are missing")
    assert "|" not in text
    assert picture.draw_rates([]) == ""


def test_page_of_the_repository_says_what_its_records_say():
    """Whatever is in results/power."""
    told = (ROOT / "docs" / "power.md").read_text(encoding="utf-8")
    part = re.search(r"`make bench-power` -->\n(.*?)\n<!-- end", told, re.DOTALL)[1]
    assert part.strip().splitlines()[0] == page._progress(pieces.KEPT)


def test_what_is_kept_comes_back(tmp_path):
    blocks = made_blocks(LEVELS[0], 0.02, 1)
    path = tmp_path / "pyperf-2-quiet-0.json.gz"
    write_blocks(path, blocks, {})
    found = load_blocks(path)
    assert [(one.side, one.seconds, len(one.values)) for one in found] == [
        (one.side, one.seconds, len(one.values)) for one in blocks
    ]
    assert found[0].values[0][1] == pytest.approx(blocks[0].values[0][1], rel=1e-5)
    assert Piece("pyperf", 0.02, has_company=False, level=0).find(tmp_path) == path


def test_trial_lies_around_a_change_of_sides():
    """Half of its seconds before and half after, the plain side first in what is said."""
    level = LEVELS[0]
    blocks = made_blocks(level, 0.0, 1)
    whole = list(trials.cut_blocks(blocks, 15))
    assert len(whole) == level.blocks - 1
    half = list(trials.cut_blocks(blocks, 7.5))
    assert [len(base) for base, _ in half] == pytest.approx([len(b) / 2 for b, _ in whole], rel=0.2)
    base, head = half[0]
    assert base[-1] == blocks[0].values[-1][1]
    assert head[0] == blocks[1].values[0][1]
    assert half[1][1][-1] == blocks[1].values[-1][1]  # the copy came first there
    assert list(trials.cut_blocks(blocks, 30)) == []


def test_rounds_in_turn_are_cut_as_they_came():
    blocks = [Block(n % 2, 1.0, ((1.0, n),)) for n in range(20)]
    found = list(trials.cut_rounds(blocks, 8))
    assert found[0] == ([0, 2, 4, 6], [1, 3, 5, 7])
    assert found[1][0][0] == 4  # half of its seconds are those of the one before
    assert len(found) == 4


def test_windows_share_half_and_are_filled():
    found = list(find_windows([1.0] * 10, 4))
    assert found == [slice(0, 4), slice(2, 6), slice(4, 8), slice(6, 10)]
    assert list(find_windows([1.0] * 3, 4)) == []
    assert list(find_windows([], 4)) == []
    assert list(find_windows([9.0, 1.0], 4)) == []


@pytest.mark.parametrize("name", RIVALS)
def test_every_harness_finds_what_is_large_and_not_what_is_equal(name):
    """By its own code, with the values of both sides given."""
    rng = random.Random(1)
    base = [0.03 * rng.lognormvariate(0, 0.01) for _ in range(60)]
    head = [0.03 * rng.lognormvariate(0, 0.01) for _ in range(60)]
    slower, faster = ([value * by for value in head] for by in (1.2, 0.8))
    say = RIVALS[name].say
    assert say(base, slower).sign == 1
    assert say(base, slower).score > say(base, head).score > say(base, faster).score
    assert say(base, faster).sign == (0 if name == "pytest-benchmark" else -1)
    assert say(base, list(base)).sign == 0
    assert say([], []).sign == 0


def test_threshold_leaves_a_tenth_of_equal_trials():
    scores = [float(n) * (-1) ** n for n in range(20)]
    threshold = trials.threshold_of(scores)
    assert sum(abs(score) > threshold for score in scores) == 2
    assert trials.threshold_of(scores[:9]) is None


def test_rates_and_picture_of_made_records(tmp_path):
    """Of four harnesses; what 300 seconds need is not there, and no row says anything of it."""
    keep_all(tmp_path)
    write_record(tmp_path / "live-asv-1.json.gz", {"sign": 1, "seconds": 99.0})
    rates = trials.find_rates(tmp_path, RIVALS)
    assert {(one.harness, one.has_company) for one in rates} == {
        (name, company) for name in RIVALS for company in (False, True)
    }
    assert {one.seconds for one in rates if one.harness != "asv"} == {15}
    welch = next(one for one in rates if one.harness == "hyperfine")
    assert (welch.planted, welch.found, welch.wrong) == (7, 7, 0)
    assert welch.made[1] == 1.0
    text = page.render(tmp_path, rates, "power.svg")
    assert text.startswith("Recorded: 16 of 100 pieces")
    assert "1 of 50 live sessions" in text
    assert "| hyperfine | 15 |" in text
    assert "| asv | 1 of 1 | 0 |" in text
    svg = picture.draw_rates(rates)
    assert svg.startswith("<svg")
    assert "with one neighbour" in svg
    (quiet,) = (one for one in rates if one.harness == "pyperf" and not one.has_company)
    assert f"pyperf ({quiet.false} of 7)" in svg
    assert "pytest-benchmark" in svg
    assert math.isclose(sum(one.equal for one in rates if one.harness == "pyperf"), 14)


def test_session_of_the_referee_is_cut_and_judged():
    """A large difference ends a trial with its right sign; equal sides end without one."""
    from dataclasses import replace

    from benchmarks.power import referee

    from crawlbench.base.records import Stopping
    from tests.reference.builders import BASE, TWIN, measured

    copy = replace(BASE, strategy="copy")
    session = measured(ratios={BASE: 1.0, TWIN: 1.0, copy: 1.0}, rounds=24, laps=4)
    plan = replace(session.plan, stopping=Stopping.ANY, margin=0.005)
    session = replace(session, plan=plan, seconds=250.0)  # rounds of ten seconds, ten before them
    alike = list(referee.trials_of(session, 120))
    assert len(alike) == 3
    assert [one.sign for one in alike] == [0, 0, 0]
    longer = list(referee.trials_of(session, 120, 0.2))
    assert [one.sign for one in longer] == [1, 1, 1]
    assert all(one.score > other.score for one, other in zip(longer, alike, strict=True))
    single = list(referee.trials_of(session, 22, 0.2))  # room for one round: no verdict
    assert {one.sign for one in single} == {0}
    assert [one.score for one in single] == pytest.approx([math.log(1.2)] * len(single), abs=0.05)
