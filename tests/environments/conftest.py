"""A cache of its own for a test that builds environments."""

from __future__ import annotations

import pytest

from tests.environments.projects import path_without_shims


@pytest.fixture(autouse=True)
def _no_shims(monkeypatch):
    """Ask Pythons for their versions without a shell in between."""
    monkeypatch.setenv("PATH", path_without_shims())


@pytest.fixture
def own_cache(tmp_path_factory, monkeypatch):
    """Give a test a cache of its own; what uv has downloaded is shared."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(folder))
    return folder
