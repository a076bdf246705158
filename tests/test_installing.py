"""What can be installed beside the core, and how people are told of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from crawlbench.plugins import extras

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]
OF_USERS = set(EXTRAS) - extras.OF_ITS_MAKERS


def test_readme_lists_every_extra_of_users():
    """And none that is not there."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("| extra | what for |")[1]
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
    assert "none of ours" in extras.how_to_get("crawlbench")
