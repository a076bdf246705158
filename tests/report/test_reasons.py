"""Every obstacle has a sentence with its size and a remedy."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from crawlbench.base.records import Doubt, DoubtSize, Mark, Obstacle, Verdict
from crawlbench.report.reasons import Setting, explain, mark_note, settle
from tests.report.sessions import FAST, make_comparison, make_summary

SETTING = Setting(math.log1p(0.01), 20.0)
WAIT = DoubtSize(Doubt.SERVER_WAIT, 0.002, 0.014, -0.02)


def unclear(obstacle, detail="", **changes):
    """Return a comparison without an answer."""
    found = make_comparison(FAST, 0.0, Verdict.UNCLEAR, obstacle=obstacle, detail=detail)
    return replace(found, **changes)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (unclear(None), ""),
        (unclear(Obstacle.FAILED, "wrong answer: x"), "wrong answer: x"),
        (
            unclear(Obstacle.DOUBT, Doubt.SERVER_WAIT, doubts=(WAIT,)),
            "while the values were taken something else used the mirror's CPU for up to 1.4 % of "
            "the time; without that the ratio would be 0.980, not 1.000: stop it, or leave one CPU "
            "to the mirror alone",
        ),
        (
            unclear(Obstacle.OPEN, more_rounds=14),
            "its interval reaches across the margin of 1.0 %: about 14 more rounds, 5 min, would "
            "settle it",
        ),
        (
            unclear(Obstacle.OPEN, more_rounds=2161),
            "its interval reaches across the margin of 1.0 %: to settle it takes more than 12 "
            "hours; compare fewer cells, or choose a larger --margin",
        ),
        (
            unclear(Obstacle.OPEN, estimate=0.06, low=0.018, high=0.105, more_rounds=14),
            "its interval lies beyond the margin of 1.0 %, but among so many pairs that may be "
            "chance: about 14 more rounds, 5 min, would settle it",
        ),
        (
            unclear(Obstacle.OPEN, estimate=-0.06, low=-0.105, high=-0.018, more_rounds=2161),
            "its interval lies beyond the margin of 1.0 %, but among so many pairs that may be "
            "chance: to settle it takes more than 12 hours; compare fewer cells, or choose a "
            "larger --margin",
        ),
        (
            unclear(Obstacle.OPEN, low=-0.008, high=0.009, more_rounds=14),
            "its interval lies within the margin of 1.0 %, but among so many pairs that may be "
            "chance: about 14 more rounds, 5 min, would settle it",
        ),
        (
            unclear(Obstacle.OPEN),
            "it lies so close to the margin of 1.0 % that more rounds are unlikely to settle it",
        ),
        (
            unclear(Obstacle.FEW_ROUNDS, rounds=1),
            "only 1 round measured both, and an interval needs at least two; --rounds 5 or more "
            "gives one that is worth reading",
        ),
    ],
)
def test_sentence_says_what_how_large_and_what_to_do(found, text):
    assert explain(found, SETTING) == text


@pytest.mark.parametrize("obstacle", Obstacle)
def test_every_obstacle_is_explained(obstacle):
    """In one printable line, whatever is known beside it."""
    text = explain(unclear(obstacle, "x"), Setting(0.01))
    assert text
    assert "\n" not in text


@pytest.mark.parametrize("mark", [mark for mark in Mark if mark])
def test_every_mark_is_explained_with_its_size(mark):
    summary = make_summary(FAST, server_share=0.6, server_wait_share=0.6, starved_share=0.6)
    assert "60" in mark_note(mark, summary)


def test_rounds_whose_time_is_not_known_have_no_comma_before_the_verb():
    """A session that ended in its calibration knows no time of a round."""
    assert settle(5, Setting(0.01)) == "about 5 more rounds"
    assert settle(1, Setting(0.01, 20.0)) == "about 1 more round, 20 s,"
