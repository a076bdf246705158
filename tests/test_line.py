"""A straight line by hand, and how near a session must be to it, as `benchmarks/line.py` says."""

from __future__ import annotations

import math

import pytest
from benchmarks.line import CLIENTS, Outcome, compare, draw, find_bend, fit, read_costs
from benchmarks.plain_loops import Found, drop_cut_line, read_rounds

PAGES = (10, 100, 300)


def test_line_through_points_of_a_line_is_that_line():
    slope, start = fit(PAGES, [0.2 + 0.003 * pages for pages in PAGES])
    assert slope == pytest.approx(0.003)
    assert start == pytest.approx(0.2)
    assert find_bend(PAGES, [0.2 + 0.003 * pages for pages in PAGES]) == pytest.approx(0)


def test_long_crawl_that_is_off_hardly_moves_the_start():
    """By 2 % of it, which is 18 ms here: the start moves by far less."""
    times = [0.2 + 0.003 * pages for pages in PAGES]
    _, start = fit(PAGES, [*times[:2], times[2] * 1.02])
    assert abs(start - 0.2) < 0.003


def test_bend_is_seen_in_its_direction():
    """Pages up to the middle cost twice as much as later ones."""
    times = [0.1 + 0.004 * min(p, 100) + 0.002 * max(0, p - 100) for p in PAGES]
    assert find_bend(PAGES, times) == pytest.approx(0.004 * 290 / (0.004 * 90 + 0.002 * 200) - 1)


def test_line_of_several_rounds_has_an_interval():
    rounds = [
        {CLIENTS[0]: [(0.2 + 0.003 * pages) * wobble for pages in PAGES]}
        for wobble in (0.98, 1.0, 1.02)
    ]
    line = draw(CLIENTS[0], rounds)
    for cost, truth in zip(line.costs, (0.003, 0.2), strict=True):
        assert cost.mean == pytest.approx(truth)
        assert cost.low < truth < cost.high
    assert line.bend.mean == pytest.approx(0)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ([1.09, 0.001], Outcome.INSIDE),
        ([0.91, 0.5], Outcome.INSIDE),
        ([1.15, 0.001], Outcome.NOISE),
        ([1.3, 0.01], Outcome.OFF),
        ([0.7, 0.01], Outcome.OFF),
        ([-0.5, 0.1], Outcome.OFF),
        (None, Outcome.NONE),
    ],
)
def test_session_is_near_off_or_lost_in_noise(told, outcome):
    """By hand it is 1, to 6 %."""
    ratio, found = compare(Found(1.0, 0.94, 1.06), told)
    assert found is outcome
    assert math.isnan(ratio) if told is None else ratio == told[0]


def test_costs_are_those_of_the_clients_and_a_missing_one_is_none():
    keys = ("per_page_s", "per_page_error_s", "to_begin_s", "to_begin_error_s")
    cells = [
        {"strategy": "a", "role": "baseline", **dict(zip(keys, (1, 0.1, 2, 0.2), strict=True))},
        {"strategy": "a", "role": "control", **dict.fromkeys(keys, 9)},
        {"strategy": "b", "role": "contestant", **dict.fromkeys(keys)},
    ]
    assert read_costs(cells) == {"a": [[1, 0.1], [2, 0.2]], "b": [None, None]}


def test_session_that_was_too_short_for_an_interval_tells_nothing():
    """So it is not kept, and is measured again."""
    keys = ("per_page_s", "per_page_error_s", "to_begin_s", "to_begin_error_s")
    cell = {"strategy": "a", "role": "baseline", **dict(zip(keys, (1, None, 2, None), strict=True))}
    assert read_costs([cell]) == {}


def test_round_that_was_cut_is_measured_again(tmp_path):
    path = tmp_path / "hand.jsonl"
    path.write_text('{"a": [1.0, 2.0]}\n{"a": [1.', encoding="utf-8")
    assert read_rounds(path) == [{"a": [1.0, 2.0]}]
    drop_cut_line(path)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"a": [3.0, 4.0]}\n')
    assert read_rounds(path) == [{"a": [1.0, 2.0]}, {"a": [3.0, 4.0]}]
    assert read_rounds(tmp_path / "absent.jsonl") == []
