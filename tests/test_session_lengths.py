"""A whole session of two lengths: real mirrors, real workers, and what goes on from it."""

from __future__ import annotations

import json
import subprocess

import pytest

from crawlbench.base.records import Quantity
from crawlbench.measure.store import load_session
from tests.conftest import command_line

pytestmark = [pytest.mark.slow, pytest.mark.long]

SUITE = """
strategies = ["requests-serial", "aiohttp-gather", "limit-socket"]
baseline = "requests-serial"
sites = ["douban-x1"]
laps = 1
min_time_s = 0.005
lap_time_s = 0.01
concurrency = [2]
stopping = "any"

[long_forms]
"douban-x1/*" = "douban-x4"
"""


def call(*arguments):
    """Call the command line and return what it prints."""
    done = subprocess.run(**command_line(*arguments, capture_output=True, timeout=100), check=False)
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a session of two lengths, and what was printed."""
    where = tmp_path_factory.mktemp("lengths")
    (where / "two.toml").write_text(SUITE)
    call("run", where / "two.toml", "--rounds", 2, "-o", where / "session")
    return where / "session"


def test_both_lengths_are_measured_verified_and_judged(folder):
    """Pages are those of each site, and everything is in the same laps."""
    session = load_session(folder)
    assert not session.failures
    (form,) = session.plan.long_forms.values()
    assert (form.short_pages, form.pages) == (1, 4)
    laps = {}
    for record in session.rounds:
        for sample in record.samples:
            pages = form.pages if "/long" in sample.cell else form.short_pages
            assert sample.requests == pages * sample.loops
            laps.setdefault((record.number, sample.warmup, sample.lap), []).append(sample.cell)
    assert all(
        sorted(cells) == sorted(c.name for c in session.plan.cells) for cells in laps.values()
    )
    assert {one.quantity for one in session.comparisons} >= {Quantity.PAGE, Quantity.BEGIN}
    told = json.loads(call("report", folder, "--format", "json"))
    by_role = {cell["role"]: cell for cell in told["cells"]}
    assert by_role["contestant"]["per_page_s"] > 0
    assert by_role["reference"]["per_page_s"] is None
    assert by_role["contestant"]["http"] == "1.1"


def test_session_goes_on_with_both_lengths(folder):
    """A resumed session has the cells that it began with."""
    call("run", "--resume", folder, "--rounds", 3)
    session = load_session(folder)
    assert len(session.rounds) == 3
    last = {sample.cell for sample in session.rounds[-1].samples}
    assert {name for name in last if "/long" in name} == set(session.plan.long_names.values())


def test_sessions_of_two_lengths_are_compared_by_both(folder):
    """`compare` lists the cells per page and to begin as well, and no long forms."""
    printed = call("compare", folder, folder)
    assert "aiohttp-" in printed
    for title in ("head against base", "time per page", "time to begin", "CPU time per page"):
        assert title in printed
    assert "/long" not in printed


def test_middle_length_is_crawled_in_the_first_rounds_and_resumed(tmp_path):
    """It tests the line with the crawl's true pages, and leaves; so does a session that goes on."""
    (tmp_path / "three.toml").write_text(SUITE.replace('"douban-x4"', '"douban-x2,douban-x4"'))
    call("run", tmp_path / "three.toml", "--rounds", 3, "-o", tmp_path / "session")
    call("run", "--resume", tmp_path / "session", "--rounds", 5)
    session = load_session(tmp_path / "session")
    assert not session.failures
    middles = set(session.plan.middle_names.values())
    assert len(middles) == 3  # both twins, and the other
    for record in session.rounds:
        found = [sample for sample in record.samples if sample.cell in middles]
        assert {sample.cell for sample in found} == (middles if record.number <= 4 else set())
        assert all(sample.requests == 2 * sample.loops for sample in found)
    told = json.loads(call("report", tmp_path / "session", "--format", "json"))
    for cell in told["cells"]:
        if cell["role"] == "contestant":
            assert (cell["pages"], cell["middle_pages"], cell["long_pages"]) == (1, 2, 4)
            assert cell["middle_s"] > 0
            assert (cell["per_page_s"] is None) is cell["is_bent"]
