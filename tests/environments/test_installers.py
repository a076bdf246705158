"""What an installer says, and whether fewer constraints may help."""

from __future__ import annotations

import pytest

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.environments.installers import Installer, Misfit

SHELL = ("sh", "-c", 'printf "%s" "$SAID" >&2; exit 1')


def saying(words, monkeypatch, folder, constraints):
    """Let an installer fail with these words, and return what was raised."""
    monkeypatch.setenv("SAID", words)
    folder.mkdir()
    with pytest.raises(EnvironmentFailure) as caught:
        Installer("fake", (), SHELL).fill(folder, ["wanted"], constraints)
    return caught.value


@pytest.mark.parametrize(
    "words",
    [
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because a needs b",
        "ERROR: ResolutionImpossible: for help visit",
        "ERROR: Could not find a version\nERROR: No matching distribution found for lxml==5",
        "  × Failed to build `lxml==5.0`\n  ├─▶ The build backend returned an error",
        "  × Failed to download and build `LXML==5.0`",
        "  ERROR: Failed building wheel for lxml",
    ],
)
def test_constraints_are_to_blame_for_what_they_name(words, monkeypatch, tmp_path):
    raised = saying(words, monkeypatch, tmp_path / "env", ["lxml==5.0"])
    assert isinstance(raised, Misfit)


@pytest.mark.parametrize(
    "words",
    [
        "  × Failed to build `planted @ file:///tmp/planted`\n  ├─▶ The backend returned an error",
        "ERROR: Failed building wheel for planted",
        "error: Failed to fetch: `index`\n  Caused by: dns error",
    ],
)
def test_constraints_are_not_to_blame_for_other_failures(words, monkeypatch, tmp_path):
    raised = saying(words, monkeypatch, tmp_path / "env", ["lxml==5.0"])
    assert not isinstance(raised, Misfit)


def test_without_constraints_there_are_none_to_blame(monkeypatch, tmp_path):
    raised = saying("No solution found", monkeypatch, tmp_path / "env", [])
    assert not isinstance(raised, Misfit)
