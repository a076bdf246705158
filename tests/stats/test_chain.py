"""The whole judge on resampled laps, in short; the long form is `make bench-judge`."""

from __future__ import annotations

import pytest
from benchmarks import judge as simulation

from crawlbench.measure.store import load_session
from tests.report.reference import REFERENCE

pytestmark = pytest.mark.slow

SESSIONS = 60
SCENES = {scene.name: scene for scene in simulation.SCENES}


@pytest.fixture(scope="module")
def source():
    """Return the laps of the reference on wan, where rounds are few and short."""
    session = load_session(REFERENCE)
    return simulation.Source(session, "douban-top250/wan")


@pytest.mark.parametrize("name", ["at the margin", "one cell three times as noisy"])
def test_one_look_is_wrong_in_few_questions_and_covers_the_truth(source, name):
    """5 % of questions: of 60 no more than 8 by chance (99.5 %); each pair in 95 % of sessions."""
    tally = simulation.one_look(source, SCENES[name], 6, SESSIONS)
    assert tally.false <= 8
    assert min(sum(found) for found in tally.covered.values()) >= 0.85 * SESSIONS


def test_watched_session_whose_cells_leave_is_wrong_no_more_often(source, monkeypatch):
    """Looked at after each of twelve rounds."""
    monkeypatch.setattr(simulation, "LONG", 12)
    tally = simulation.racing(source, SCENES["at the margin"], SESSIONS // 3)
    assert tally.false <= 4
    assert min(sum(found) / len(found) for found in tally.covered.values()) >= 0.85


def test_cells_that_rest_make_no_verdict_false(source):
    """The baseline rests from the third round on, while the others are told apart."""
    tally = simulation.resting(source, SCENES["twice as fast, at the margin"], 6, SESSIONS // 2)
    assert tally.false <= 5
    assert min(sum(found) / len(found) for found in tally.covered.values()) >= 0.83


def test_five_percent_are_found(source):
    """In nearly all pairs with the baseline, after ten rounds."""
    tally = simulation.one_look(source, SCENES["5 % slower"], 10, 20)
    assert sum(tally.found) >= 0.5 * len(tally.found)
