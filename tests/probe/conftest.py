"""Planted loops are modules of the tests; children find them by PYTHONPATH, as a user's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _planted_loops_are_found(monkeypatch):
    """No child looks into the current folder."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
