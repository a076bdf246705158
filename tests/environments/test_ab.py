"""`crawlbench ab` as a process: what is refused before it is measured, and Pythons."""

from __future__ import annotations

import json
import sys

import pytest

from crawlbench.measure.store import load_session
from tests.child import was_too_busy
from tests.environments.planting import QUICK, plant
from tests.test_session_environments import BRIEF, other_python

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("own_cache"),
]
STOCK = ("--operation", "call-soon", "-l", "asyncio")


@pytest.mark.long
def test_package_that_nothing_imports_is_refused(crawlbench, tmp_path):
    plant(tmp_path, base=QUICK)
    outcome = crawlbench("ab", "base", "base", *STOCK, *BRIEF, "-o", "out", timeout=280)
    assert outcome.returncode == 4, outcome.stderr
    assert outcome.stderr.splitlines()[-1] == (
        "crawlbench: nothing that is to be measured imports planted; name a strategy or an "
        "operation that does (-s, --operation)"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_pythons_are_held_against_each_other(crawlbench, tmp_path):
    mine, other = ".".join(map(str, sys.version_info[:2])), other_python()
    outcome = crawlbench(
        *("ab", "--python", mine, other, *STOCK, *BRIEF, "--json", "-o", "out"), timeout=280
    )
    answer = json.loads(outcome.stdout)
    assert outcome.returncode in (0, 1, 3) or was_too_busy(outcome.stdout), outcome.stderr
    assert f"Python {other}" in answer["sentence"]
    assert f"Python {mine}" in answer["sentence"]
    first, second = load_session(tmp_path / "out").environments
    assert first.python.startswith(f"CPython {mine}.")
    assert second.python.startswith(f"CPython {other}.")
