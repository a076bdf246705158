"""Suites where uvloop and much of Unix are absent, as on Windows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from crawlbench.measure.store import load_session
from tests.conftest import command_line

pytestmark = pytest.mark.slow

ABSENT = Path(__file__).parent / "absent"


@pytest.mark.slow
@pytest.mark.long
def test_suite_runs_without_uvloop_and_unix(tmp_path):
    """The loop that is absent is left out with a note, and the rest is measured."""
    few = ("-n", "loopback", "-s", "requests-serial", "-s", "aiohttp-gather", "--rounds", "1")
    call = command_line("run", "quick", *few, "--laps", "1", "-o", "o", cwd=tmp_path)
    call["env"]["PYTHONPATH"] = str(ABSENT)
    outcome = subprocess.run(**call, capture_output=True, check=False, timeout=110)
    assert outcome.returncode == 0, outcome.stderr
    assert "left out: event loop 'uvloop' is not installed here" in outcome.stderr
    session = load_session(tmp_path / "o")
    assert {cell.event_loop for cell in session.plan.cells} == {None, "asyncio"}
    assert not session.failures


@pytest.mark.slow
def test_loop_that_was_asked_for_by_name_must_be_there(tmp_path):
    """What a user writes out is not left out in silence."""
    call = command_line("run", "quick", "-l", "uvloop", "-o", "o", cwd=tmp_path)
    call["env"]["PYTHONPATH"] = str(ABSENT)
    outcome = subprocess.run(**call, capture_output=True, check=False, timeout=110)
    assert outcome.returncode == 2
    assert "'uvloop'" in outcome.stderr
