"""The YAML calls what is tested here, and puts nobody's text into a command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ci.inputs import _NAMES
from ci.pins import changed_pins

from tests.ci.steps import ROOT, action

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EXAMPLES = sorted((ROOT / "docs" / "examples" / "ci").glob("*.yml"))
ACTIONS = [ROOT / "action.yml", ROOT / "ci" / "comment" / "action.yml"]
OTHERS = re.compile(r"\$\{\{(?!\s*matrix\.)")  # a matrix is ours


def commands(found):
    """Return all `run` of a document, at any depth."""
    if isinstance(found, dict):
        own = [found["run"]] if isinstance(found.get("run"), str) else []
        return own + [text for value in found.values() for text in commands(value)]
    return [t for v in found for t in commands(v)] if isinstance(found, list) else []


@pytest.mark.parametrize("path", [*WORKFLOWS, *EXAMPLES, *ACTIONS], ids=lambda p: p.name)
def test_no_expression_stands_in_a_command(path):
    for command in commands(yaml.safe_load(path.read_text())):
        assert not OTHERS.search(command), command


def test_action_calls_our_script_alone():
    assert commands(action()) == ['"$COMPARE_PYTHON" -I "$GITHUB_ACTION_PATH/ci/compare"']
    (command,) = commands(action("ci/comment/action.yml"))
    assert command == 'python3 -I "$GITHUB_ACTION_PATH/../post"'
    assert (ROOT / "ci" / "post").is_file()


def test_every_input_reaches_the_script():
    (step,) = (s for s in action()["runs"]["steps"] if s.get("id") == "compare")
    passed = {name.removeprefix("INPUT_").lower() for name in step["env"]} - {"compare_python"}
    assert passed == set(_NAMES) - {"output"}
    declared = {name.replace("-", "_") for name in action()["inputs"]}
    assert declared == passed | {"python_version", "artifact_days"}
    for one in (*action()["inputs"].values(), *action()["outputs"].values()):
        assert one["description"].endswith(".")


def test_reusable_workflow_hands_on_what_the_action_takes():
    (job,) = yaml.safe_load((WORKFLOWS[0].parent / "compare.yml").read_text())["jobs"].values()
    used = job["steps"][-1]["with"]
    assert used.keys() <= action()["inputs"].keys()
    for name, value in used.items():
        assert f"inputs.{name} " in value or name in ("base", "head")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_are_bounded_and_may_little(path):
    found = yaml.safe_load(path.read_text())
    assert found["permissions"].get("contents") == "read"
    assert set(found["permissions"].values()) == {"read"}
    assert "pull_request_target" not in found[True]  # YAML reads `on` as true
    for job in found["jobs"].values():
        assert job["timeout-minutes"]
        assert "latest" not in str(job["runs-on"])
        for step in job["steps"]:
            if str(step.get("uses")).startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


def test_examples_use_what_is_there():
    caller = yaml.safe_load((EXAMPLES[0].parent / "pull-request.yml").read_text())
    declared = yaml.safe_load((WORKFLOWS[0].parent / "compare.yml").read_text())[True]
    given = caller["jobs"]["compare"]["with"]
    inputs = declared["workflow_call"]["inputs"]
    assert given.keys() <= inputs.keys()
    assert {name for name, one in inputs.items() if one.get("required")} <= given.keys()
    gitlab = yaml.safe_load((EXAMPLES[0].parent / "gitlab-ci.yml").read_text())["speed"]
    names = [n for n in gitlab["variables"] if n.startswith("INPUT_")]
    assert {name.removeprefix("INPUT_").lower() for name in names} <= set(_NAMES)
    assert gitlab["script"][-1] == "python3 -I .speed/crawlbench/ci/compare"
    assert f"{gitlab['variables']['INPUT_OUTPUT']}-comment.md" in gitlab["artifacts"]["paths"]


def test_workflows_lint():
    """As `make check` does; the example for GitLab is no workflow."""
    actionlint = Path(sys.executable).parent / "actionlint"
    if not actionlint.exists():
        pytest.skip("actionlint is not installed here")
    examples = [str(path) for path in EXAMPLES if path.name != "gitlab-ci.yml"]
    for files in ([], examples):
        call = [str(actionlint), "-no-color", *files]
        outcome = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
        assert outcome.returncode == 0, outcome.stdout


def checkout(folder, lock):
    (folder / "requirements").mkdir(parents=True)
    (folder / "requirements" / "dev.txt").write_text(lock)
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return folder


def test_pins_that_moved_are_found(tmp_path):
    base = "aiohttp==3.13.0 \\\n    --hash=sha256:0\nruff==1 \\\nuvloop==0.21.0 ; x == 'y' \\\n"
    head = base.replace("3.13.0", "3.14.0").replace("ruff==1", "ruff==2").replace("0.21", "0.22")
    sides = checkout(tmp_path / "base", base), checkout(tmp_path / "head", head)
    assert changed_pins(*sides) == [
        ("aiohttp==3.13.0", "aiohttp==3.14.0"),
        ("uvloop==0.21.0", "uvloop==0.22.0"),
    ]
    assert changed_pins(sides[0], sides[0]) == []


def test_pins_of_a_stranger_are_versions_or_nothing(tmp_path):
    sides = [
        checkout(tmp_path / "base", "aiohttp==3.13.0 \\\nlxml==5 \\\n"),
        checkout(tmp_path / "head", "aiohttp==3.14 -X;$(id) \\\nlxml==$(id) \\\nlxml @ ./x\n"),
    ]
    assert changed_pins(*sides) == [("aiohttp==3.13.0", "aiohttp==3.14")]
    outputs = tmp_path / "outputs"
    for head, text in (("head", "aiohttp==3.14"), ("base", "")):
        outputs.write_text("")
        subprocess.run(
            [sys.executable, "-I", str(ROOT / "ci" / "pins"), "base", head],
            cwd=tmp_path,
            env={"GITHUB_OUTPUT": str(outputs)},
            capture_output=True,
            check=True,
        )
        assert f"\n{text}\n" in outputs.read_text().partition("head<<")[2]
