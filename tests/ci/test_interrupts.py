"""A job that is cancelled: GitHub signals the step's own process, and soon a second time."""

from __future__ import annotations

import io
import signal
import sys
import time

import pytest

from ci import running
from tests.ci.steps import obeyed

CANCEL = (signal.SIGINT, signal.SIGTERM)
"""In the order in which GitHub sends them."""


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), CANCEL])
def test_interrupted_step_tells_what_was_measured(play, signals):
    """The session is asked to end, and what it says then is told."""
    step = play(130, "head is slower than base.", signals=signals)
    assert step.code == 130, step.log
    assert step.outputs["verdict"] == "interrupted"
    lead = "Interrupted, so this is not everything"
    assert step.outputs["sentence"] == f"{lead}: head is slower than base."
    assert step.outputs["folder"].endswith("session")
    assert "### head against base" in step.summary
    assert step.comment.splitlines()[1] == "### crawlbench: interrupted"
    assert obeyed(step.log)[-1].startswith("::error title=crawlbench::interrupted: Interrupted")


def test_session_that_had_ended_keeps_its_answer(play):
    """Also if its page was not drawn in time."""
    step = play(1, "head is slower than base.", signals=CANCEL, ab={"dies": True})
    assert step.code == 1, step.log
    assert step.outputs["verdict"] == "slower"
    assert step.outputs["sentence"] == "head is slower than base."


def test_session_that_says_nothing_is_interrupted(play):
    """As while environments are built; its last words are no reason."""
    step = play(signals=CANCEL, ab={"sleep": 60, "files": {}})
    assert step.code == 130, step.log
    assert step.outputs["verdict"] == "interrupted"
    assert step.outputs["sentence"] == "interrupted; nothing can be said"
    assert "interrupted; nothing can be said" in step.comment


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_that_has_just_begun_is_ended_too(monkeypatch, number):
    """A signal while it starts would leave it behind, and its pipe open."""
    started = []
    start = running._start

    def start_and_be_interrupted(*arguments):
        started.append(start(*arguments))
        signal.raise_signal(number)
        return started[0]

    monkeypatch.setattr(running, "_start", start_and_be_interrupted)
    handler = signal.signal(number, signal.default_int_handler)
    begin = time.monotonic()
    try:
        with pytest.raises(running.Interrupted) as told:
            running.run([sys.executable, "-c", "import time; time.sleep(60)"], {}, io.StringIO())
    finally:
        signal.signal(number, handler)
    assert told.value.ended.is_interrupted
    assert started[0].returncode is not None
    assert time.monotonic() - begin < 30
