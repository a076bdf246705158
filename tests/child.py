"""Children that must succeed: where one fails, the test shows what it said."""

from __future__ import annotations

import subprocess


def succeed(command, **settings):
    """Run a command to its end and return its outcome, with its output as text.

    `subprocess.run` with `check=True` tells the exit code alone, and keeps the words to itself.
    """
    outcome = subprocess.run(
        command, check=False, capture_output=True, **{"text": True, **settings}
    )
    said = f"{outcome.stdout}\n{outcome.stderr}".strip()
    assert outcome.returncode == 0, f"{command} ended with {outcome.returncode}:\n{said}"
    return outcome


def was_too_busy(words):
    """Tell whether the judge says nothing because others, such as other tests, had the CPU."""
    return "the worker's CPU for" in " ".join(words.split())
