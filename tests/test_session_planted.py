"""A session in which loops are wrong on purpose: each is found, and costs nobody else anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from crawlbench.base.records import Verdict
from crawlbench.measure.store import load_session
from tests.conftest import command_line

pytestmark = pytest.mark.slow

PLANTED = Path(__file__).parent / "operations"
LOOPS = ("DroppingLoop", "EarlyLoop", "StaleLoop", "HangingLoop", "CrashingLoop")
OPERATIONS = ("call-soon", "call-at", "tcp-protocol-1k")
SUITE = f"""
operations = {list(OPERATIONS)}
rounds = 1
laps = 2
min_time_s = 0.005
lap_time_s = 0.01
"""
REASONS = {
    "call-soon/planted:DroppingLoop": "raised OperationWrong: callbacks run: 7202 instead of 8000",
    "call-at/planted:EarlyLoop": "raised OperationWrong: a timer fired ",
    "tcp-protocol-1k/planted:StaleLoop": "raised OperationWrong: echo 1: b'",
    **{f"{name}/planted:HangingLoop": "hung: a value took more than 2 s" for name in OPERATIONS},
    **{f"{name}/planted:CrashingLoop": "the worker was killed by SIGABRT" for name in OPERATIONS},
}


def run(folder, *arguments):
    """Run a session in which loops are found by the name of the module that plants them."""
    (folder / "planted.toml").write_text(SUITE)
    settings = {"cwd": folder, "capture_output": True, "timeout": 110}
    call = command_line("run", "planted.toml", "-o", "session", *arguments, **settings)
    call["env"]["PYTHONPATH"] = str(PLANTED)
    return subprocess.run(**call, check=False)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Return the outcome and the session of all wrong loops beside the stock loop."""
    folder = tmp_path_factory.mktemp("planted")
    loops = [part for name in LOOPS for part in ("-l", f"planted:{name}")]
    outcome = run(folder, *loops, "-l", "asyncio", "--timeout", 2)
    return outcome, load_session(folder / "session")


@pytest.mark.parametrize(("cell", "reason"), REASONS.items())
def test_wrong_loop_is_invalid_with_what_it_did(planted, cell, reason):
    """Dropped, early, stale, hung or crashed: said in a line, never timed, never refused."""
    _, session = planted
    (failure,) = [f for f in session.failures if f.cell == cell]
    assert failure.reason.startswith(reason)
    assert "\n" not in failure.reason
    assert not failure.is_refusal
    assert all(summary.cell != cell for summary in session.summaries)
    (comparison,) = [c for c in session.against_baseline() if c.cell == cell]
    assert (comparison.verdict, comparison.estimate) == (Verdict.INVALID, None)


def test_the_others_go_on(planted):
    """The stock loop has all its values; a loop that is wrong elsewhere may be right here."""
    outcome, session = planted
    assert outcome.returncode == 4
    assert "Traceback" not in outcome.stderr
    assert f"{len(session.failures)} cells are invalid" in outcome.stderr
    assert (len(session.rounds), session.ending) == (1, "rounds")
    found = {summary.cell: summary.values for summary in session.summaries}
    for name in OPERATIONS:
        assert found[f"{name}/asyncio"] == found[f"{name}/asyncio/control"] >= 2
    assert found["call-soon/planted:StaleLoop"] >= 2


def test_loop_that_hangs_costs_its_timeout_only(planted):
    """Once per operation, in the calibration; the rounds know nothing of it."""
    _, session = planted
    assert {f.round for f in session.failures if "hung: " in f.reason} == {0}
    assert all(record.seconds < 15 for record in session.rounds)


@pytest.mark.parametrize(
    ("factory", "sentence"),
    [
        ("planted:no_loop", "its factory returned a str, not an asyncio event loop"),
        pytest.param(
            "planted:failing_factory",
            "its factory raised RuntimeError: this Python is too old",
            marks=pytest.mark.long,
        ),
        ("planted:nothing", "has no attribute 'nothing'; give a function that returns a new loop"),
        pytest.param(
            "no_such_module:loop",
            "needs the module 'no_such_module', which is not here",
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_is_no_loop_is_one_sentence_and_exit_code_two(tmp_path, factory, sentence):
    """Before anything is measured or written."""
    outcome = run(tmp_path, "-l", "asyncio", "-l", factory)
    assert outcome.returncode == 2, outcome.stderr
    (text,) = outcome.stderr.splitlines()
    assert text.startswith(f"crawlbench: event loop '{factory}'")
    assert sentence in text
    assert not (tmp_path / "session").exists()
