"""The YAML calls what is tested here, and puts nobody's text into a command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ci.inputs import _NAMES
from ci.pins import changed_pins

from tests.child import succeed
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
    # `exec`, as only the step's own process is told of the end of its job.
    assert commands(action()) == ['exec "$COMPARE_PYTHON" -I "$GITHUB_ACTION_PATH/ci/compare"']
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


def test_reusable_workflow_hands_on_all_that_the_action_takes():
    found = yaml.safe_load((WORKFLOWS[0].parent / "compare.yml").read_text())
    (job,) = found["jobs"].values()
    used = job["steps"][-1]["with"]
    own = action()["inputs"]
    assert used.keys() == own.keys()
    declared = found[True]["workflow_call"]["inputs"]
    for name in own.keys() - {"base", "head"}:
        assert used[name] == f"${{{{ inputs.{name} }}}}"
        assert declared[name]["default"] == own[name]["default"]


def test_what_comments_is_silent_where_there_is_nothing_to_say():
    """A run that was cancelled, and one that ended before it compared, leave no comment to post."""
    (job,) = yaml.safe_load((EXAMPLES[0].parent / "comment.yml").read_text())["jobs"].values()
    for conclusion in ("cancelled", "skipped"):
        assert f"workflow_run.conclusion != '{conclusion}'" in job["if"]
    download, post = job["steps"]
    assert download["continue-on-error"] is True
    assert post["if"] == f"steps.{download['id']}.outcome == 'success'"


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


def git(folder, *words):
    """Call git, without the settings of whoever runs this, and return what it says."""
    settings = {"protocol.file.allow": "always", "user.name": "x", "user.email": "x@example.com"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    call = ["git", *options, "-C", str(folder), *words]
    return succeed(call, env=quiet()).stdout.strip()


def quiet():
    ours = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "CI_"))} | ours


@pytest.fixture
def merge(tmp_path):
    """Make a library with a submodule, in which a branch was merged after its base had moved.

    Return the folder, and the commits: where the branch began, the base, the branch, the merge.
    """
    for name in ("part", "head"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "--quiet", "--initial-branch=main")
        git(tmp_path / name, "commit", "--quiet", "--allow-empty", "-m", "first")
    part, folder = tmp_path / "part", tmp_path / "head"
    (part / "part.c").write_text("int x;\n")
    git(part, "add", "part.c")
    git(part, "commit", "--quiet", "-m", "part")
    git(folder, "submodule", "--quiet", "add", str(part), "part")
    git(folder, "commit", "--quiet", "-m", "with a part")
    commits = [git(folder, "rev-parse", "HEAD")]
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "the base moves on")
    commits.append(git(folder, "rev-parse", "HEAD"))
    git(folder, "checkout", "--quiet", "-b", "branch", commits[0])
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "the change")
    commits.append(git(folder, "rev-parse", "HEAD"))
    git(folder, "checkout", "--quiet", "--detach", "main")
    git(folder, "merge", "--quiet", "--no-ff", "-m", "merge", "branch")
    return folder, [*commits, git(folder, "rev-parse", "HEAD")]


def steps_of(workflow, job):
    return yaml.safe_load((WORKFLOWS[0].parent / workflow).read_text())["jobs"][job]["steps"]


@pytest.mark.parametrize(
    ("workflow", "job", "under"), [("compare.yml", "compare", "."), ("pins.yml", "pins", "head")]
)
def test_base_is_what_was_merged_with(tmp_path, merge, workflow, job, under):
    """The event's own base may be older; a commit without one before it is refused."""
    (step,) = (step for step in steps_of(workflow, job) if step.get("id") == "base")
    folder, (_, base, _, _) = merge
    output = tmp_path / "output"
    output.touch()

    def run():
        call = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        environ = {**quiet(), "GITHUB_OUTPUT": str(output)}
        return subprocess.run(call, cwd=tmp_path / under, env=environ, check=False).returncode

    assert run() == 0
    assert output.read_text() == f"sha={base}\n"
    git(folder, "checkout", "--quiet", "--orphan", "alone")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "alone")
    assert run() == 1
    assert output.read_text() == f"sha={base}\n"


@pytest.mark.parametrize(("workflow", "job"), [("compare.yml", "compare"), ("pins.yml", "pins")])
def test_base_is_checked_out_at_that_commit(workflow, job):
    checkouts = [s["with"] for s in steps_of(workflow, job) if "checkout@" in str(s.get("uses"))]
    (base,) = (one for one in checkouts if one.get("path") == "base")
    assert base["ref"] == "${{ steps.base.outputs.sha }}"
    assert checkouts[0] is not base
    assert checkouts[0]["fetch-depth"] != 1
    if workflow == "compare.yml":  # libraries are built there
        for one in checkouts[:2]:
            assert (one["fetch-depth"], one["submodules"]) == (0, "recursive")


@pytest.mark.parametrize("is_merged", [True, False])
def test_gitlab_holds_against_what_was_merged_with(tmp_path, merge, is_merged):
    """Else against where the branch began; both with their submodules, and also on a second run."""
    folder, (start, base, branch, merged) = merge
    script = yaml.safe_load((EXAMPLES[0].parent / "gitlab-ci.yml").read_text())["speed"]["script"]
    own = [line for line in script if "CRAWLBENCH" not in line and "ci/compare" not in line]
    assert len(own) == len(script) - 2
    allowed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow"}
    environ = {
        **quiet(),
        **allowed,
        "GIT_CONFIG_VALUE_0": "always",
        "CI_COMMIT_SHA": merged if is_merged else branch,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": start,
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": base if is_merged else "",
    }
    for _ in range(2):
        call = ["sh", "-e", "-c", "\n".join(own)]
        succeed(call, cwd=folder, env=environ)
        found = [git(folder / ".speed" / side, "rev-parse", "HEAD") for side in ("base", "head")]
        assert found == ([base, merged] if is_merged else [start, branch])
        for side in ("base", "head"):
            assert (folder / ".speed" / side / "part" / "part.c").is_file()
        git(folder, "clean", "-ffdxq")  # as the runner does
        assert not (folder / ".speed").exists()


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
        call = [sys.executable, "-I", str(ROOT / "ci" / "pins"), "base", head]
        succeed(call, cwd=tmp_path, env={"GITHUB_OUTPUT": str(outputs)})
        assert f"\n{text}\n" in outputs.read_text().partition("head<<")[2]
