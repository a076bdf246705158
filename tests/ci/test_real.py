"""The step with real sessions: small projects of which one is slower, or broken, or hostile."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.child import succeed, was_too_busy
from tests.ci.steps import ROOT, obeyed, run_compare, temporary_of
from tests.environments.planting import LOOP, QUICK, SLOW, plant
from tests.environments.projects import write_project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BRIEF = "--rounds\n6\n--laps\n1"
STRATEGY = """
import planted
import requests


def crawl(site, concurrency):
    items, addresses, seen = [], [site.start], {site.start}
    with requests.Session() as session:
        session.trust_env = False
        while addresses:
            address = addresses.pop()
            page = site.read(address, session.get(address).content)
            items += page.items
            addresses += [link for link in page.links if link not in seen]
            seen.update(page.links)
    return items
"""
TURNS = """
import pathlib

_file = pathlib.Path(__file__).with_name("turns")
TURN = len(_file.read_text()) if _file.exists() else 0
_file.write_text("x" * (TURN + 1))
"""
NO_BACKEND = """
[build-system]
requires = []
build-backend = "no_such_backend"
[project]
name = "planted"
version = "1.0"
"""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Give this file a cache of its own, so that it builds what it needs once.

    What uv and pip have downloaded before is taken: a step would begin with nothing.
    """
    with pytest.MonkeyPatch.context() as patch:
        for tool in ("uv", "pip"):
            name = f"{tool.upper()}_CACHE_DIR"
            patch.setenv(name, os.environ.get(name) or str(Path.home() / ".cache" / tool))
        patch.setenv("CRAWLBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def step(tmp_path):
    """Return a function that runs the step on planted projects, with this Python's crawlbench."""
    plant(tmp_path, base=QUICK, head=QUICK, slow=SLOW)

    def call(head="head", python=sys.executable, root=ROOT, **inputs):
        loop = {"operations": "call-soon", "loops": "planted:Loop"}
        asked = {**loop, "margin": "50", "args": BRIEF, **inputs}
        return run_compare(tmp_path, python=python, root=root, head=head, base="base", **asked)

    return call


def is_nothing_said(found):
    """Tell whether a step compared, but the machine was too busy for any verdict."""
    return found.outputs["verdict"] == "invalid" and was_too_busy(found.log)


@pytest.mark.long
def test_good_head_does_not_fail(step):
    """With the margin at which a slower one does; a busy machine may leave it unclear."""
    found = step(args="--rounds\n1\n--laps\n1\n--lap-time\n0.05")
    if is_nothing_said(found):
        return
    assert found.code == 0, found.log
    assert found.outputs["verdict"] in ("passed", "unclear")
    assert "head against base" in found.summary
    assert found.comment.startswith("<!-- crawlbench: crawlbench -->\n### crawlbench: ")
    assert "@base" not in found.comment
    assert (Path(found.outputs["folder"]) / "report.html").is_file()


@pytest.mark.long
def test_slower_head_fails(step):
    found = step("slow")
    if found.outputs["verdict"] != "slower" and was_too_busy(found.log):
        assert found.outputs["verdict"] in ("unclear", "invalid")
        assert "CPU ratio" in found.log
        return
    assert found.code == 1, found.log
    assert found.outputs["verdict"] == "slower"
    assert found.outputs["sentence"].startswith("head is slower than base: call-soon on planted")
    assert obeyed(found.log)[-1].startswith("::error title=crawlbench::slower: head is slower")


@pytest.mark.long
def test_unsteady_head_is_unclear_and_warns(step, tmp_path):
    """Four times as slow with each lap, and then as before: no interval is narrow."""
    code = TURNS + LOOP.format(busy_s="(3e-6, 12e-6, 48e-6)[TURN % 3]")
    write_project(tmp_path / "unsteady", code=code)
    found = step("unsteady", args="--rounds\n2\n--laps\n1")
    if is_nothing_said(found):
        return
    assert found.code == 0, found.log
    assert found.outputs["verdict"] == "unclear"
    assert obeyed(found.log)[-1].startswith("::warning title=crawlbench::unclear: ")
    assert "for as long again" in found.comment


@pytest.mark.long
def test_head_that_breaks_the_import_fails_with_its_words(step, tmp_path):
    code = "raise RuntimeError('::error::no <b>@all</b> | `x`')\n"
    write_project(tmp_path / "broken", code=code)
    found = step("broken")
    assert found.code == 1
    assert found.outputs["verdict"] == "invalid"
    assert found.outputs["sentence"].startswith("head against base is invalid: ")
    assert "::error::no <b>@all</b>" in found.outputs["sentence"]
    assert "@all" not in found.comment
    (command,) = obeyed(found.log)
    assert command.startswith("::error title=crawlbench::invalid: head against base")


@pytest.mark.long  # test_session_environments.py has a head that cannot be built
@pytest.mark.parametrize("side", ["base", "head"])
def test_side_that_cannot_be_built_is_named(step, tmp_path, side):
    shutil.copytree(tmp_path / "head", tmp_path / "odd $(touch x) `y` |*")
    (tmp_path / "odd $(touch x) `y` |*" / "pyproject.toml").write_text(NO_BACKEND)
    if side == "base":
        shutil.copy(
            tmp_path / "odd $(touch x) `y` |*" / "pyproject.toml", tmp_path / "base/pyproject.toml"
        )
        found = step()
        assert found.outputs["sentence"].startswith(
            "The base cannot be measured, so there is nothing to compare the head with: "
            "environment 'base' ("
        )
    else:
        found = step("odd $(touch x) `y` |*")
        assert found.outputs["sentence"].startswith(
            "The head cannot be measured: environment 'head' ("
        )
    assert found.code == 1
    assert found.outputs["folder"] == ""
    assert not (tmp_path / "x").exists()


@pytest.mark.long
def test_names_of_branches_do_no_harm(step, tmp_path):
    name = 'a\'b "c" $(touch x); `touch y` & <i> *|* @everyone #1 %0A'
    shutil.copytree(tmp_path / "head", tmp_path / name)
    found = step(name, fail_on="slower:99999%")
    assert found.code == 0, found.log
    assert found.outputs["sentence"].startswith("head ")
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / "y").exists()
    assert "@everyone" not in found.comment


@pytest.mark.long
def test_files_are_found_in_the_workspace_and_modules_are_not(step, tmp_path):
    """A library in the folder that all is called in belongs to no side, nor do settings."""
    write_project(tmp_path, code="raise RuntimeError('imported from the workspace')\n")
    (tmp_path / "uv.toml").write_text("no settings of ours")
    (tmp_path / "my crawl.py").write_text(STRATEGY)
    other = {"strategies": "my crawl.py", "operations": "", "loops": ""}
    found = step(**other, fail_on="slower:99999%")
    assert found.code == 0 or is_nothing_said(found), found.log
    assert "my crawl.py" in found.summary


@pytest.mark.long  # test_compare.py has wrong inputs
def test_unknown_strategy_is_usage(step):
    found = step(strategies="no-such", operations="", loops="")
    assert found.code == 2
    assert "no-such" in found.outputs["sentence"]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_whole_step_from_a_clone(step, tmp_path):
    """A clone of what is here installs crawlbench into a Python of its own, and compares."""
    clone = tmp_path / "action $(id)"
    clone.mkdir()
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = succeed(listed, cwd=ROOT).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    for name in ("pip", "venv", "crawlbench"):  # in the workspace, which may be a stranger's
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken from the workspace')\n")
    found = step(python=None, root=clone, fail_on="slower:99999%")
    if not is_nothing_said(found):
        assert found.code == 0, found.log
        assert found.outputs["verdict"] == "passed"
    assert list(temporary_of(tmp_path).glob("crawlbench-*/python"))
