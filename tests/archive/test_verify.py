"""`mirror verify` shows what a crawl of the real mirror finds, and what is odd."""

import json
import shlex
import shutil
from dataclasses import dataclass

import pytest

from crawlbench.archive.starter import render_site_file
from crawlbench.base.errors import UsageError
from crawlbench.cli import verify as verify_command
from crawlbench.sites.custom import load_site
from tests.archive.archives import (
    HOST,
    SITE_FILE,
    documentation,
    entries,
    har_entry,
    page,
    response,
    write_har,
    write_warc,
)


@pytest.fixture
def docs(workshop):
    """Return a function that imports the documentation site, with changes, and writes its file."""

    def write(*changes, **pages):
        root = workshop.folder / "public"
        if workshop.target.exists():
            shutil.rmtree(workshop.target)
        for name, body in {**documentation(), **pages}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        workshop.run(root)
        text = SITE_FILE.format(start="http://localhost/")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (workshop.folder / "docs.toml").write_text(text, encoding="utf-8")

    return write


@dataclass
class Outcome:
    said: str
    error: str


@pytest.fixture
def verify(tmp_path, monkeypatch, capsys):
    """Return a function that does what the command does, without a process of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(site):
        capsys.readouterr()
        error = ""
        try:
            verify_command.verify(str(site))
        except UsageError as refusal:
            error = str(refusal)
        return Outcome(capsys.readouterr().out, error)

    return call


def test_a_site_is_shown_and_written_down(docs, crawlbench, tmp_path):
    """Pages, items, the first few as a table within 80 columns, dead links."""
    docs()
    outcome = crawlbench("mirror", "verify", "docs.toml")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout == (
        "docs: 32 items on 4 pages, starting at /\n"
        "rank  title          anchor   since  version\n"
        "────────────────────────────────────────────\n"
        "   1  Entry home 0   home-0    1000      1.0\n"
        "   2  Entry home 1   home-1    1001      1.1\n"
        "   3  Entry home 2   home-2    1002      1.2\n"
        "   4  Entry guide 0  guide-0   1000      1.0\n"
        "   5  Entry guide 1  guide-1   1001      1.1\n"
        " ...                                        \n"
        "note: 1 link to pages that are not here, so not followed: /gone.html (from "
        "/guide/a%20b.html)\n"
        "wrote docs.expected.json; now: crawlbench run quick --site docs.toml\n"
    )
    expected = json.loads((tmp_path / "docs.expected.json").read_text(encoding="utf-8"))
    assert (expected["items"], expected["pages"], len(expected["rows"])) == (32, 4, 32)
    assert expected["rows"][0] == [1, "Entry home 0", "home-0", 1000, 1.0]


def test_command_that_is_told_can_be_pasted(docs, verify, tmp_path):
    """Whatever the file's name is."""
    docs()
    name = "my [site] ü.toml"
    shutil.copy(tmp_path / "docs.toml", tmp_path / name)
    with pytest.raises(UsageError) as caught:
        load_site(name).expected_items()
    assert shlex.split(str(caught.value).partition("run: ")[2])[-2:] == ["verify", name]
    *_, told = verify(name).said.splitlines()
    assert shlex.split(told.partition("now: ")[2])[-2:] == ["--site", name]
    text = render_site_file(f"a b/{name}", "name", "http://localhost/", [])
    told = text.partition("\n")[0].partition(": ")[2]
    assert shlex.split(told)[-2:] == ["verify", f"a b/{name}"]


def test_a_change_is_told(docs, verify):
    """What was expected before and is no more."""
    docs()
    verify("docs.toml")
    assert "as it was verified before; wrote docs.expected.json" in verify("docs.toml").said
    docs(("section.entry", "section.entry:first-of-type"))
    outcome = verify("docs.toml")
    assert "not as before (32 items on 4 pages); wrote docs.expected.json" in outcome.said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([("section.entry", "section.entri")], "4 pages of 4 cannot be read as the site file says"),
        ([('"h2 > a"', '"h3 > a"')], "/ has an item without 'anchor'"),
        ([('"first number"', '"int"')], "an item's 'since' is 'since 1000'"),
        (
            [('"anchor"', '"rank"'), ('"#(.*)"', r"'(\d)$'")],
            "rank 0 is shared by 'Entry home 0' and",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_written(
    docs, verify, tmp_path, changes, words
):
    """All pages are tried, and the first fault is quoted."""
    docs(*changes)
    outcome = verify("docs.toml")
    assert outcome.error.startswith("nothing was written: ")
    assert "\n" not in outcome.error
    assert words in outcome.error
    assert not (tmp_path / "docs.expected.json").exists()


def test_a_selector_that_finds_nothing_on_some_pages_says_where(docs, verify):
    """Such pages want a kind of their own."""
    docs(**{"guide/index.html": page("Guide", "/")})
    outcome = verify("docs.toml")
    assert "1 page of 3 cannot be read as the site file says: /guide/ came with status 200" in (
        outcome.error
    )
    assert "or such pages a kind of their own" in outcome.error


def test_pages_that_no_link_leads_to_and_twins_are_noted(docs, verify):
    """They may be meant."""
    body = entries("lost", 2).encode()
    docs(**{"lost.html": body, "twin.html": body})
    outcome = verify("docs.toml")
    assert not outcome.error
    assert "note: 2 pages that no link leads to: /lost.html, /twin.html\n" in outcome.said
    assert "note: 1 pair of addresses with the same body, perhaps one page: /lost.html and" in (
        outcome.said
    )


def test_items_that_are_alike_share_a_rank(docs, verify, crawlbench):
    """Which one came first depends on the concurrency, so no rank could tell."""
    docs(**{"api.html": entries("home", 3).encode()})
    outcome = verify("docs.toml")
    assert not outcome.error
    assert "note: 3 of 15 items equal another one in all fields" in outcome.said
    for strategy in ("asyncio-streams", "http-client-threads"):
        crawl = crawlbench("crawl", "-s", strategy, "--site", "docs.toml")
        assert crawl.returncode == 0, crawl.stderr
        assert len(crawl.stdout.splitlines()) == 15


def test_two_addresses_that_are_one_page(workshop, verify):
    """With one body a note; with two bodies the rules are too wide."""

    def verify_pages(*pages):
        workshop.target = workshop.folder / f"site-{len(list(workshop.folder.iterdir()))}"
        workshop.run(write_warc(workshop.folder / "x.warc", *pages))
        text = (workshop.target / "site.toml").read_text(encoding="utf-8")
        site = workshop.target / "site.toml"
        site.write_text(
            text.replace('# drop_parameters = ["utm_*"]', 'drop_parameters = ["sid"]'),
            encoding="utf-8",
        )
        return verify(site)

    body = page("a", "/?sid=1")
    outcome = verify_pages(response(f"{HOST}/", body), response(f"{HOST}/?sid=1", body))
    assert not outcome.error
    assert "note: two addresses are one page by the rules: / and /?sid=1" in outcome.said
    assert "1 item on 1 page" in outcome.said
    outcome = verify_pages(response(f"{HOST}/", body), response(f"{HOST}/?sid=1", page("b")))
    assert "such as / and /?sid=1; make the rules narrower" in outcome.error


def test_the_starter_file_works_as_it_is(workshop, crawlbench):
    """An import can be verified, crawled and served before anything was edited."""
    source = write_har(
        workshop.folder / "x.har",
        har_entry(f"{HOST}/list?p=1", page("One", "?p=2", "/list?p=1&utm_medium=x")),
        har_entry(f"{HOST}/list?p=2", page("Two", "?p=1")),
    )
    outcome = crawlbench("mirror", "import", source, "-o", "site")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith(f"2 pages of 0.0 MB in site, starting at {HOST}/list?p=1\n")
    outcome = crawlbench("mirror", "verify", "site/site.toml")
    assert "docs.example.org: 2 items on 2 pages, starting at /list?p=1" in outcome.stdout
    outcome = crawlbench("crawl", "-s", "http-client-threads", "--site", "site/site.toml")
    assert outcome.stdout == "1 One\n2 Two\n", outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "nothing.toml"), "cannot read the site file 'nothing.toml'"),
        (("verify", "douban-top250"), "'douban-top250' is not a site file; one ends in .toml"),
        (("import", "nothing.warc", "-o", "x"), "there is no 'nothing.warc' to import"),
        (("import", "nothing.har", "-o", "x"), "there is no 'nothing.har' to import"),
        (("record", "example.org", "-o", "x"), "URL: 'example.org' is not an http address"),
    ],
)
def test_mistakes_of_the_command_line(crawlbench, arguments, words):
    """One sentence and exit code 2."""
    outcome = crawlbench("mirror", *arguments)
    assert outcome.returncode == 2
    assert words in outcome.stderr
    assert outcome.stderr.count("\n") == 1
