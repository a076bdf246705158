"""Sessions killed at random moments; `make bench-killed` does more of the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import BRIEFLY

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.mark.timeout(290)
@pytest.mark.parametrize(
    "seeds", [range(1, 2), pytest.param([0, *range(2, 16)], marks=pytest.mark.long)]
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_session_killed_at_any_moment_can_go_on(tmp_path, monkeypatch, seeds):
    """SIGKILL at a few moments: the folder is absent or whole, and `--resume` ends it validly."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name, value in BRIEFLY.items():
        monkeypatch.setenv(name, value)
    from killed import kill_and_resume

    found = [kill_and_resume(tmp_path / f"session-{seed}", seed) for seed in seeds]
    assert any(found)
