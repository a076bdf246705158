"""What a user has written about a site can be ended, and whatever holds it up is named."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial

import pytest
from tests.measure.sites import write_site

from crawlbench.archive.guide import Guide
from crawlbench.base.errors import BrokenPluginError, UsageError
from crawlbench.cli.crawl import crawl
from crawlbench.cli.sites import prepare_site
from crawlbench.cli.verify import verify
from crawlbench.measure.culprit import find_culprit
from crawlbench.measure.sitefacts import find_site
from crawlbench.plugins.scouts import slowness

ENDLESS = r"^(\S+\s?)+$x"
ON_ADDRESSES = r"/(\w+\w?)+!"
DEEP = "//*" + "[count(//*" * 6 + ")>0]" * 6
PLACES = {
    "regex": ({"regex": ENDLESS}, f"kinds[0].title.regex '{ENDLESS}'"),
    "pattern": ({"pattern": ON_ADDRESSES}, f"kinds[0].pattern '{ON_ADDRESSES}'"),
    "items": ({"items": DEEP}, f"kinds[0].items '{DEEP}'"),
    "links": ({"links": DEEP}, f"kinds[0].links '{DEEP}'"),
    "selector": ({"selector": "." + DEEP}, f"kinds[0].title.selector '.{DEEP}'"),
}

ALWAYS = ("regex", "links")
"""An expression for text and one for a tree; the others only in `make test-all`."""


@pytest.fixture(autouse=True)
def impatient(tmp_path, monkeypatch):
    """Wait for a page only as long as a good one could need, in a folder that is thrown away."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(slowness, "READ_S", 0.4)


@pytest.mark.parametrize(
    "place", [pytest.param(p, marks=() if p in ALWAYS else pytest.mark.long) for p in PLACES]
)
def test_expression_without_an_end_is_named_with_its_page(tmp_path, place):
    """Wherever it stands; the manager goes on."""
    written, name = PLACES[place]
    write_site(tmp_path, **written)
    with pytest.raises(BrokenPluginError) as caught:
        find_site("site.toml", expects=False, reads=True)
    assert str(caught.value) == (
        f"site 'site.toml': /{'a' * 40} is not read within 0.4 s because of {name}; write it so "
        "that it comes to an end, for instance without one + or * within another"
    )


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(partial(verify, "site.toml"), marks=pytest.mark.long),
        pytest.param(partial(crawl, "requests-serial", site="site.toml"), marks=pytest.mark.long),
        partial(prepare_site, "site.toml"),  # of run, ab, aa, sweep and cluster
    ],
    ids=["verify", "crawl", "run"],
)
def test_no_command_waits_for_it(tmp_path, command):
    """One sentence, the command's own way of saying it included."""
    write_site(tmp_path, regex=ENDLESS)
    start = time.monotonic()
    with pytest.raises(UsageError, match=r"is not read within 0\.4 s because of kinds\[0\]\.title"):
        command()
    assert time.monotonic() - start < slowness.READ_S + 30  # and not for ever


def test_recording_does_not_wait_for_it(tmp_path):
    """What was fetched before is kept, as after any other stop."""
    site = write_site(tmp_path, links=DEEP)
    page = b"<p>" * 60
    with (
        closing(Guide(site)) as guide,
        pytest.raises(
            BrokenPluginError, match=r"^site '.*site\.toml': /list is not read .* because"
        ),
    ):
        guide.find("http://localhost/list", page, "utf-8")


def test_guide_finds_what_a_finder_finds(tmp_path):
    """In its own process, by the rules of the file; a link is asked for as it is written."""
    site = write_site(tmp_path, rules='drop_parameters = ["utm_*"]')
    with closing(Guide(site)) as guide:
        assert guide.spell("http://localhost/list?utm_source=a") == "/list"
        body = b'<a href="/x?utm_id=1">x</a><a href="http://elsewhere.example/">y</a>'
        assert guide.find("http://localhost/list", body, "utf-8") == ("/x?utm_id=1",)
        assert guide.find("http://localhost/list", b"", "utf-8") == ()


def test_broken_file_is_refused_by_a_guide(tmp_path):
    """As by all other commands."""
    (tmp_path / "site.toml").write_text("name = 1")
    with pytest.raises(UsageError, match=r"^the site file '.*' cannot be used"):
        Guide(tmp_path / "site.toml")


def test_slow_page_passes_and_what_is_verified_is_not_read_again(tmp_path, monkeypatch):
    """A deadline refuses no site that comes to an end, and costs nothing once that is known."""
    monkeypatch.setattr(slowness, "READ_S", 15.0)
    write_site(tmp_path, regex=r"(\S+)")
    assert find_site("site.toml", expects=False, reads=True).path == "/" + "a" * 40
    verify("site.toml")
    monkeypatch.setattr(slowness, "READ_S", 0.0)
    assert find_site("site.toml", reads=True).expected.pages == 1


SITE_IN_PYTHON = """
from dataclasses import replace
from crawlbench.plugins import registry

index = registry.load(registry.Kind.SITE, "index")
SITE = replace(index, name="mine", CHANGES)
"""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ("", ""),
        ("expected_pages=100", ""),  # not every page has to be reached
        ("path='/nowhere'", "site 'mine' begins at '/nowhere', which is none of its pages"),
        ("expected_pages=199", "expects 199 requests, and has only 198 pages; correct"),
        ("pages=lambda: 1 / 0", "fails when it is asked for its pages or items: ZeroDivisionError"),
        ("nothing=1", "cannot be imported: TypeError"),
    ],
)
def test_site_that_no_strategy_can_crawl_rightly_is_refused(tmp_path, changes, words):
    """Before anything is measured, and not as a fault of the mirror's or of the strategies."""
    path = tmp_path / "mine.py"
    path.write_text(SITE_IN_PYTHON.replace("CHANGES", changes))
    if not words:
        assert find_site(str(path), expects=False).path == "/simple/alpha/"
        return
    with pytest.raises(UsageError, match=words):
        find_site(str(path), expects=False)


def test_page_without_a_culprit_has_none(tmp_path):
    """Its expressions come to an end, so none is blamed for long."""
    write_site(tmp_path)
    assert find_culprit("site.toml", "/" + "a" * 40).startswith("kinds[0]")
    assert find_culprit("site.toml", "/elsewhere") == ""
