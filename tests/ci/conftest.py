"""The step of action.yml with crawlbench played, for whoever asks what it tells."""

from __future__ import annotations

import json

import pytest

from tests.ci.steps import run_compare, stand_in


@pytest.fixture
def play(tmp_path):
    """Return a function that runs the step, with `crawlbench ab` ending as it is told.

    With signals, the step gets them while `ab` measures, and `ab` ends so when it is asked to end.
    """
    for side in ("base", "head"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "pyproject.toml").touch()
    python = stand_in(tmp_path)

    def call(code=0, sentence="head is the same as base.", inputs=None, signals=(), **act):
        answer = {"code": code, "sentence": sentence, "is_extended": False, "changes": []}
        files = {"answer.json": json.dumps({**answer, **act.pop("answer", {})})}
        files["table.md"] = f"**{sentence}**\n\n### head against base\n"
        ends = {"code": code, "files": files, **act.pop("ab", {})}
        ab = {"sleep": 60, "terminated": ends} if signals and "sleep" not in ends else ends
        (tmp_path / "plan.json").write_text(json.dumps({"ab": ab, **act}))
        asked = {"base": "base", "head": "head", **(inputs or {})}
        return run_compare(tmp_path, python=python, signals=signals, **asked)

    return call
