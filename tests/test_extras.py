"""README's table of extras is whole, and what it says that each adds is about what it adds."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from crawlbench.plugins.extras import OF_ITS_MAKERS

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| `([\w-]+)` \| (\d+) MB \|", re.MULTILINE)
README = (ROOT / "README.md").read_text(encoding="utf-8")
SAID = {name: int(size) for name, size in ROW.findall(README)}
SLACK_MB = 3


def spelled(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(text, found):
    """Add to what was found the packages that a requirement brings, by their names."""
    requirement = Requirement(text)
    name = spelled(requirement.name)
    for extra in ("", *requirement.extras):
        if (name, extra) in found:
            continue
        found[name, extra] = package = metadata.distribution(name)
        for line in package.requires or ():
            marker = Requirement(line).marker
            is_of_another = marker and "extra" in str(marker) and not extra
            if not is_of_another and (marker is None or marker.evaluate({"extra": extra})):
                needed(line, found)
    return {name: package for (name, _), package in found.items() if name != "crawlbench"}


def megabytes(packages):
    """Return what packages take on disk, without what Python compiles of them."""
    paths = {
        Path(file.locate())
        for package in packages
        for file in package.files or ()
        if file.suffix != ".pyc"
    }
    return sum(path.stat().st_size for path in paths if path.exists()) / 1e6


def test_every_extra_that_a_user_may_want_is_listed():
    extras = set(metadata.metadata("crawlbench").get_all("Provides-Extra"))
    assert set(SAID) == extras - OF_ITS_MAKERS


@pytest.mark.parametrize("extra", SAID)
def test_extra_adds_about_what_is_said(extra):
    """Within a quarter, and a few megabytes: versions differ."""
    core = needed("crawlbench", {})
    try:
        whole = needed(f"crawlbench[{extra}]", {})
    except metadata.PackageNotFoundError as error:
        pytest.skip(f"not installed here: {error}")
    added = megabytes(package for name, package in whole.items() if name not in core)
    assert SAID[extra] == pytest.approx(added, rel=0.25, abs=SLACK_MB)


def test_core_weighs_about_what_is_said():
    """And less than 120 MB, which is what it is to stay below."""
    (said,) = re.findall(r"takes about (\d+) MB installed", README)
    weight = megabytes(needed("crawlbench", {}).values())
    assert float(said) == pytest.approx(weight, rel=0.25)
    assert weight < 120
