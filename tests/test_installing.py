"""What can be installed beside the core, and how people are told of it."""

from __future__ import annotations

import re
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

from crawlbench import __version__
from crawlbench.plugins import extras
from tests import installed

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]
OF_USERS = set(EXTRAS) - extras.OF_ITS_MAKERS


def test_readme_lists_every_extra_of_users():
    """And none that is not there."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("| extra | adds | what for |")[1]
    rows = table.split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z]+)` \|", rows, re.MULTILINE)) == OF_USERS


def test_all_is_every_extra_but_what_replaces_others():
    """niquests changes requests, which is measured too."""
    (line,) = EXTRAS["all"]
    assert set(re.findall(r"[a-z]+", line)) == {"crawlbench"} | OF_USERS - {"all", "niquests"}


@pytest.fixture
def requirements(monkeypatch):
    """Let the metadata be that of an installation of this very checkout."""
    lines = [f'{line}; extra == "{name}"' for name, of in EXTRAS.items() for line in of]
    monkeypatch.setattr(extras.metadata, "requires", lambda name: lines)
    extras._packages.cache_clear()
    yield
    extras._packages.cache_clear()


@pytest.mark.parametrize(("module", "extra"), [("warcio", "archive"), ("pytest", "pytest")])
def test_package_is_had_by_the_extra_that_is_about_it(requirements, module, extra):
    """Not by `all`, nor by what only its makers need."""
    assert extras.how_to_get(module) == f"it comes with crawlbench's extra {extra!r}"


def test_extra_of_all_is_not_named_where_it_is_written_out(monkeypatch):
    """Builders do so, and sort by name."""
    lines = ["httpx>=0.28; extra == 'all'", "httpx>=0.28; extra == 'clients'", "lxml>=5"]
    monkeypatch.setattr(extras.metadata, "requires", lambda name: lines)
    extras._packages.cache_clear()
    try:
        assert extras.extra_of("httpx") == "clients"
        assert extras.extra_of("lxml") == ""
    finally:
        extras._packages.cache_clear()


def test_crawlbench_is_no_extra_of_its_own(requirements):
    """Though `all` is made of it."""
    assert "does not come with crawlbench" in extras.how_to_get("crawlbench")


def test_version_stands_in_one_place():
    """The build reads it from where the program does."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert "version" not in project["project"]
    path = ROOT / project["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{__version__}"' in path.read_text(encoding="utf-8")


def test_citation_can_be_read():
    """With the fields that its format asks for, and no version that would go stale."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert "version" not in cited


def test_sdist_that_lacks_a_document_is_refused(tmp_path):
    """It is found when it is unpacked, before anything is installed."""
    sdist = tmp_path / "crawlbench-1.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name in installed.IN_SDIST[1:]:
            archive.add(ROOT / name, f"crawlbench-1/{name}")
    with pytest.raises(SystemExit, match=r"lacks README\.md"):
        installed.unpack(sdist, tmp_path)


def test_call_that_ends_otherwise_shows_its_words(tmp_path):
    """A child that fails as it should is no failure."""
    child = [sys.executable, "-c", "raise SystemExit('because')"]
    assert installed.call(child, tmp_path, code=1) == ""
    with pytest.raises(SystemExit, match=r"exit code 1, not 0\nbecause"):
        installed.call(child, tmp_path)
