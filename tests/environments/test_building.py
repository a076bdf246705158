"""Environments that are built for real: kept, found again, told when they cannot be had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from crawlbench.base.errors import EnvironmentFailure, UsageError
from crawlbench.base.records import Environment
from crawlbench.environments import building, installers
from crawlbench.environments.cache import (
    READY_FILE,
    environments_folder,
    kept_environments,
    remove_environment,
)
from crawlbench.environments.checkouts import copy_checkout
from crawlbench.environments.inspection import look_inside
from crawlbench.environments.preparation import prepare_environments
from crawlbench.environments.requirements import (
    WORKER_PACKAGES,
    bounds_for,
    needed_packages,
    packages_of,
    requirements_for,
)
from crawlbench.environments.spec import parse_sides
from crawlbench.measure.suite import load_suite, override
from crawlbench.plugins.registry import Kind
from tests.child import succeed
from tests.environments.projects import built, in_process, path_without_shims, write_project

pytestmark = pytest.mark.slow
WORKER_ALONE = """
import re, sys
from importlib import metadata

wanted, kept = list(sys.argv[1:]), {"crawlbench"}
while wanted:
    name = wanted.pop()
    if name not in kept:
        kept.add(name)
        needs = [n for n in metadata.requires(name) or () if "extra ==" not in n]
        wanted += [re.match("[A-Za-z0-9._-]+", n)[0].lower() for n in needs]
absent = {
    module
    for module, owners in metadata.packages_distributions().items()
    if not {owner.lower().replace("_", "-") for owner in owners} & kept
}

class Absence:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"an environment has no {name}")

assert "aiohttp" in absent
sys.meta_path.insert(0, Absence())
import crawlbench.measure.worker
import crawlbench.sites.custom
from crawlbench.sites.selectors import as_node_xpath
as_node_xpath("div.item", "items")
"""


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """Give each test a cache of its own; what uv has downloaded is shared."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return an environment that is built once, for who only looks at it, and its cache."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAWLBENCH_CACHE", str(folder))
        patch.setenv("PATH", path_without_shims())
        return built("own=")[0], folder


def test_needed_packages_are_what_plug_ins_import():
    names = {
        Kind.STRATEGY: ["aiohttp-gather", "niquests-async"],
        Kind.EVENT_LOOP: ["asyncio", "uvloop"],
        Kind.PARSER: ["lxml"],
    }
    found = needed_packages(names, names)
    named = {"aiohttp", "lxml", "niquests", "uvloop"}
    assert set(found) == {*named, *WORKER_PACKAGES}


def test_workers_of_ones_own_site_need_no_more_than_environments_have():
    """The modules of all other packages are kept out; a CSS selector is translated."""
    command = [sys.executable, "-c", WORKER_ALONE, *WORKER_PACKAGES]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_what_a_glob_names_and_nobody_has_is_not_needed():
    names = {Kind.STRATEGY: ["aiohttp-gather", "niquests-async"]}
    found = needed_packages(names, {})
    assert "aiohttp" in found
    assert "niquests" not in found
    assert "niquests" in needed_packages(names, {}, ["Niquests"])


def test_requirements_are_ours_unless_asked_otherwise():
    found = requirements_for(Environment("x", packages=("aiohttp==3.9",)), ["aiohttp", "httpx"])
    assert found == ["aiohttp==3.9", "httpx[http2]>=0.28"]
    assert "pyperf>=2.10" in requirements_for(Environment("x", packages=("pyperf==1",)), ["pyperf"])


def test_bounds_are_the_managers_versions_fewer_each_time():
    every, main, none = bounds_for(Environment("x", packages=("Aiohttp>=1",)), ["aiohttp", "lxml"])
    names = {text.partition("==")[0].lower() for text in every}
    assert "lxml" in names
    assert not names & {"aiohttp", "crawlbench"}
    assert [text.partition("==")[0] for text in main] == ["lxml"]
    assert none == []


@pytest.mark.long
def test_sides_get_as_many_of_the_managers_versions_as_fit_all():
    """An old aiohttp does not go with today's yarl; then neither side has the manager's."""
    suite = override(load_suite("ab"), {"strategies": ["aiohttp-gather"]})
    sides = parse_sides(["aiohttp==3.9.5", "aiohttp"])
    one, two = prepare_environments(sides, suite, lambda line: None).environments
    assert one.versions["aiohttp"] == "3.9.5"
    assert one.looseness == two.looseness
    differ = {name for name in one.versions if one.versions[name] != two.versions.get(name)}
    assert not differ & {"lxml", "pyperf", "msgspec", "Jinja2"}


def test_environment_is_built_once_and_holds_what_was_asked(tmp_path):
    project = write_project(tmp_path / "planted", version="7.1", code="X = 1\n")
    spec = f"mine={project} PLANTED=yes"
    facts, told = built(spec)
    assert len(told) == 1
    assert facts.versions["planted"] == "7.1"
    assert facts.python == f"CPython {'.'.join(map(str, sys.version_info[:3]))}"
    assert list(facts.sources) == [str(project)]
    assert packages_of(facts.asked) == ["planted"]
    again, told = built(spec)
    assert again == facts
    assert not told
    variables = {**os.environ, "PYTHONPATH": facts.library}
    command = [facts.executable, "-c", "import planted, crawlbench; print(crawlbench.__file__)"]
    call = succeed(command, env=variables)
    assert Path(call.stdout.strip()).is_relative_to(facts.library)


@pytest.mark.long
def test_other_files_make_another_environment(tmp_path):
    project = write_project(tmp_path / "planted")
    first, _ = built(f"mine={project}")
    (project / "planted" / "__init__.py").write_text("changed = True\n")
    second, told = built(f"mine={project}")
    assert second.key != first.key
    assert told
    assert {path.name for path in project.iterdir()} == {"planted", "pyproject.toml"}


def test_checkout_that_changes_while_it_is_copied_is_refused(tmp_path, monkeypatch):
    """What is measured would have another hash than the session says."""
    project = write_project(tmp_path / "planted")

    def copy_while_somebody_writes(path, folder):
        copied = copy_checkout(path, folder)
        (project / "planted" / "__init__.py").write_text("changed = True\n")
        return copied

    monkeypatch.setattr(building, "copy_checkout", copy_while_somebody_writes)
    with pytest.raises(EnvironmentFailure, match="changed while it was copied; try again when"):
        built(f"mine={project}")


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("CFLAGS", True),
        ("UV_EXCLUDE_NEWER", True),
        ("PIP_PRE", True),
        ("UV_BUILD_CONSTRAINT", True),
        ("PIP_UPLOADED_PRIOR_TO", True),
        ("UV_INDEX_URL", False),  # it may hold a token, which changes from job to job
        ("UV_CACHE_DIR", False),
    ],
)
def test_what_decides_which_packages_come_belongs_to_the_key(monkeypatch, name, counts):
    monkeypatch.setenv(name, "1")
    assert (name in building._build_variables()) is counts


@pytest.mark.long
def test_builds_told_otherwise_make_another_environment(tmp_path, monkeypatch):
    project = write_project(tmp_path / "planted")
    first, _ = built(f"mine={project}")
    monkeypatch.setenv("CFLAGS", "-O0")
    assert built(f"mine={project}")[0].key != first.key


@pytest.mark.long  # below, one is killed half-way
def test_half_built_environment_is_built_again(tmp_path):
    facts, _ = built("own=")
    (environments_folder() / facts.key / READY_FILE).unlink()
    (environments_folder() / facts.key / "junk").write_text("left")
    again, told = built("own=")
    assert told
    assert again.versions == facts.versions
    assert not (environments_folder() / facts.key / "junk").exists()


def test_killed_build_is_done_again(cache):
    process = in_process("own=")
    while not list(cache.glob("environments/*/pyvenv.cfg")):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not list(cache.glob(f"environments/*/{READY_FILE}"))
    facts, told = built("own=")
    assert told
    assert look_inside(facts, {}).versions == facts.versions


def test_two_at_once_build_one():
    processes = [in_process("own=") for _ in range(2)]
    (one, one_facts), (two, two_facts) = (json.loads(p.communicate()[0]) for p in processes)
    assert len(one) + len(two) == 1
    assert one_facts == two_facts


@pytest.mark.long
def test_pip_builds_where_uv_is_not(monkeypatch, tmp_path):
    monkeypatch.setattr(installers, "_find_uv", lambda: None)
    project = write_project(tmp_path / "planted", version="2.0")
    facts, told = built(f"mine={project}")
    assert told
    assert facts.versions["planted"] == "2.0"
    with pytest.raises(EnvironmentFailure, match=r"pip says: No matching distribution") as caught:
        built("bad=crawlbench-no-such-package==3")
    assert str(caught.value).startswith("environment 'bad' (crawlbench-no-such-package==3) cannot")


@pytest.mark.long  # test_inspection.py looks at what a project imports
def test_what_plug_ins_there_are_is_seen_from_inside():
    names = {Kind.STRATEGY: ["aiohttp-gather"], Kind.EVENT_LOOP: ["uvloop"]}
    facts, _ = built("own=uvloop", needed_packages(names, names))
    asked = {"STRATEGY": ["aiohttp-gather", "requests-serial"], "EVENT_LOOP": ["uvloop"]}
    found = look_inside(facts, asked).plugins
    assert found["STRATEGY"]["aiohttp-gather"].is_async
    assert not found["STRATEGY"]["aiohttp-gather"].trouble
    assert "needs 'requests'" in found["STRATEGY"]["requests-serial"].trouble
    assert not found["EVENT_LOOP"]["uvloop"].trouble


def test_broken_project_is_said_in_a_sentence(tmp_path):
    project = write_project(tmp_path / "planted")
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    )
    (project / "setup.py").write_text("raise SystemExit('the sky fell')\n")
    with pytest.raises(EnvironmentFailure, match="cannot be built") as caught:
        built(f"broken={project}")
    assert "\n" not in str(caught.value)
    log = next(environments_folder().glob("*.log"))
    assert "the sky fell" in log.read_text()
    assert str(log) in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("bad=crawlbench-no-such-package==3", "crawlbench-no-such-package"),
        ("old=pyperf==2.3", "pyperf==2.3 and pyperf>=2.10"),
        pytest.param(
            "gone=python=3.99",
            "no Python '3.99' was found; there are",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "odd=python=thirteen", "no Python 'thirteen' was found", marks=pytest.mark.long
        ),
        ("false=python=/bin/false", "does not run as a Python"),
    ],
)
def test_what_cannot_be_had_is_said_in_a_sentence(spec, reason):
    with pytest.raises(EnvironmentFailure) as caught:
        built(spec)
    assert f"environment {spec.partition('=')[0]!r}" in str(caught.value)
    assert reason in str(caught.value)


def test_project_for_another_python_is_refused(tmp_path):
    project = write_project(tmp_path / "planted", python=">=4")
    with pytest.raises(EnvironmentFailure, match=r"cannot be built: .*(>=4|4\.0)"):
        built(f"far={project}")


def test_old_python_is_refused(tmp_path):
    python = tmp_path / "python3.10"
    python.write_text("#!/bin/sh\necho 'cpython|3.10.4 (main)'\n")
    python.chmod(0o755)
    with pytest.raises(EnvironmentFailure, match=r"Python 3\.10\.4 is too old"):
        built(f"old=python={python}")


def test_python_that_crashes_is_said(tmp_path, kept):
    facts, _ = kept
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'no more' >&2\nexit 7\n")
    python.chmod(0o755)
    broken = type(facts)(facts.asked, facts.key, str(python), facts.library)
    with pytest.raises(EnvironmentFailure, match="ended with code 7 and said 'no more'"):
        look_inside(broken, {})


def test_what_is_kept_needs_no_network(monkeypatch, kept):
    facts, folder = kept
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(folder))
    monkeypatch.setenv("UV_OFFLINE", "1")
    assert built("own=")[0] == facts
    with pytest.raises(EnvironmentFailure, match=r"environment 'new' .* cannot be built"):
        built("new=crawlbench-no-such-package==3")


@pytest.mark.long  # test_cache.py removes one that was made up, and `env list` shows one
def test_kept_environments_are_listed_and_removed():
    facts, _ = built("own=")
    (kept,) = kept_environments()
    assert (kept.key, kept.python, kept.versions) == (facts.key, facts.python, facts.versions)
    assert kept.size_bytes > 1_000_000
    with pytest.raises(UsageError, match="in the cache no environment begins"):
        remove_environment("zz")
    remove_environment(facts.key[:5])
    assert not kept_environments()
    assert built("own=")[1]


def test_folder_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFailure, match=r"cannot be written to .*CRAWLBENCH_CACHE"):
        built("own=")
    with suppress(FileNotFoundError):
        (tmp_path / "file").unlink()


def test_environment_without_a_spec_is_told_as_it_is_listed(tmp_path, monkeypatch):
    """Instead of a colon with nothing behind it."""
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(building, "_make", lambda *_: pytest.skip("it would be built"))
    told = []
    with suppress(pytest.skip.Exception):
        building.build(Environment("new"), (), told.append)
    assert told == ["building environment 'new': (as the manager's)"]
