"""Environments that cannot be had, and the sentence that says why."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.environments import installers
from tests.environments.projects import built, write_project

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_cache")]


def refusal(spec):
    """Return what is said of an environment that cannot be built: one sentence."""
    with pytest.raises(EnvironmentFailure) as caught:
        built(spec)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_checkout_that_cannot_be_read_is_not_taken_for_a_full_disk(tmp_path, monkeypatch):
    project = write_project(tmp_path / "planted")
    (project / "kept.txt").touch()
    read = Path.read_bytes

    def fail(path):
        """Be a file of somebody else, which root could read."""
        if path.name == "kept.txt":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert refusal(f"mine={project}") == (
        f"environment 'mine': checkout '{project}' cannot be read: "
        f"{project / 'kept.txt'}: Permission denied"
    )


def test_package_without_a_wheel_for_this_python_is_said(tmp_path, monkeypatch):
    (tmp_path / "crawlbench_nowhere-1.0-cp39-cp39-win_amd64.whl").touch()
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    said = refusal("bare=crawlbench-nowhere==1.0")
    assert said.startswith("environment 'bare' (crawlbench-nowhere==1.0) cannot be built: ")
    assert "crawlbench-nowhere==1.0" in said.partition("cannot be built")[2]


def test_old_pyperf_that_another_package_pulls_is_said(tmp_path):
    project = write_project(tmp_path / "planted", requires="pyperf==2.6.0")
    said = refusal(f"old={project}")
    assert said.startswith(f"environment 'old' ({project}) cannot be built: ")
    assert "pyperf==2.6.0" in said


def test_without_network_and_cache_nothing_can_be_fetched(tmp_path, monkeypatch):
    if not installers._find_uv():
        pytest.skip("uv is not here")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    said = refusal("own=")
    assert said.startswith("environment 'own' () cannot be built: uv says: ")
    assert "not found in the cache" in said
