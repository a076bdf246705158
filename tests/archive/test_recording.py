"""A recording is polite, stays on its host, and goes on after a stop."""

import json
import signal
import subprocess
import time

import pytest

from crawlbench import __version__
from crawlbench.archive.fetching import retry_after_s
from crawlbench.archive.links import LinkFinder
from crawlbench.archive.recording import RecordPlan, record_pages, work_folder
from crawlbench.base.errors import BenchError, StorageError, UsageError
from crawlbench.sites.addresses import AddressRules
from crawlbench.sites.manifest import load_manifest
from tests.archive.recorded import HTML
from tests.conftest import command_line


def addresses(target):
    return [page.address for page in load_manifest(target).pages]


def test_links_are_followed_within_the_host(server, record):
    """Each page once, in the order in which they were met; what is no page is not asked for."""
    server.page("/", "/b", "c?x=1&y=%7e#part", "/", "http://localhost:1/", "mailto:x", "/x.pdf")
    server.page("/b", "/", f"{server.origin}/d", "http://[")
    server.page("/c?x=1&y=~")
    server.page("/d", "/e")
    report = record()
    assert server.paths() == ["/", "/b", "/c?x=1&y=~", "/d", "/e"]
    assert addresses(record.target) == ["/", "/b", "/c?x=1&y=~", "/d"]
    assert dict(report.skips.counts) == {"with status 404": 1}
    assert report.rewritten == 1
    assert (record.target / "site.toml").is_file()
    assert not work_folder(record.target).exists()


def test_the_server_is_told_who_asks_and_asked_one_thing_at_a_time(server, record):
    """The User-Agent names tool and version; each request but the first is waited for."""
    server.page("/", "/b")
    server.page("/b")
    record(delay_s=5.0)
    assert server.asked == ["/robots.txt", "/", "/b"]
    (agent,) = server.agents
    assert agent.startswith(f"crawlbench/{__version__} ")
    assert record.waits == [5.0, 5.0]
    assert server.most_at_once == 1


def test_robots_txt_is_honoured(server, record):
    """Its rules and its delay."""
    text = b"User-agent: *\nDisallow: /private\nCrawl-delay: 7"
    server.answers["/robots.txt"] = (200, {"Content-Type": "text/plain"}, text)
    server.page("/", "/private/a", "/public")
    server.page("/public")
    report = record(delay_s=5.0)
    assert server.paths() == ["/", "/public"]
    assert record.waits == [7.0, 7.0]
    assert dict(report.skips.counts) == {"forbidden by robots.txt": 1}


def test_a_site_that_cannot_say_what_it_allows_is_left(server, record):
    """RFC 9309, 2.3.1.4."""
    server.answers["/robots.txt"] = (500, HTML, b"")
    server.page("/")
    with pytest.raises(UsageError, match=r"1 forbidden by robots\.txt"):
        record()
    assert server.paths() == []
    assert not record.target.exists()


def test_it_stops_at_the_page_limit(server, record):
    """And makes a site of what it has."""
    for n in range(10):
        server.page(f"/{n}", *(f"/{m}" for m in range(10)))
    assert record("/0", most_pages=3).pages == 3
    assert len(server.paths()) == 3


def test_a_site_without_pages_is_left_soon(server, record):
    """Requests that bring nothing count, too."""
    server.page("/", *(f"/{n}" for n in range(100)))
    record(most_pages=5)
    assert len(server.paths()) == 20


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(server, record, monkeypatch, status):
    """It is not even asked again before; then the recording goes on where it was."""
    server.page("/", "/b")
    server.answers["/b"] = (status, {**HTML, "Retry-After": "120"}, b"")
    with pytest.raises(BenchError, match=rf"status {status}: send nothing for 120 s; 1 page is"):
        record()
    server.page("/b")
    asked = len(server.asked)
    with pytest.raises(BenchError, match=r"asked for no requests for 1[12]. s more"):
        record()
    assert len(server.asked) == asked
    later = time.time() + 200
    monkeypatch.setattr("crawlbench.archive.recording.time.time", lambda: later)
    assert record().pages == 2
    assert server.paths() == ["/", "/b", "/b"]
    assert addresses(record.target) == ["/", "/b"]


def test_redirects_become_aliases(server, record):
    """Within the host; beyond it nothing is asked."""
    server.answers["/"] = (301, {"Location": "/home"}, b"")
    server.page("/home", "/old", "/away", "/loop")
    server.answers["/old"] = (302, {"Location": "home"}, b"")
    server.answers["/away"] = (302, {"Location": "http://localhost:1/"}, b"")
    server.answers["/loop"] = (302, {"Location": "/loop"}, b"")
    record()
    (home,) = load_manifest(record.target).pages
    assert home.aliases == ("/", "/old")


SLASHES = AddressRules(trailing_slash="drop", drop_parameters=("utm_*",), index=("index.html",))


def test_links_are_asked_for_as_they_are_written(server, record):
    """A server may answer only that spelling; what makes two addresses one page is the key."""
    server.page("/", "/guide/", "/old/index.html?utm_a=1", "/twice/?utm_a=1", "/twice")
    server.page("/guide/", "more/?utm_a=2")
    server.page("/guide/more/?utm_a=2", "/guide")
    server.page("/old/index.html?utm_a=1")
    server.page("/twice")
    report = record(finder=LinkFinder(rules=SLASHES))
    assert server.paths() == [
        *("/", "/guide/", "/old/index.html?utm_a=1", "/twice", "/guide/more/?utm_a=2")
    ]
    assert addresses(record.target) == ["/", "/guide", "/old", "/twice", "/guide/more"]
    assert not report.skips.counts


def test_a_redirect_to_another_spelling_is_followed(server, record):
    """As servers do for folders; one that goes round in a circle is not a page."""

    def moved(location):
        return (301, {"Location": location}, b"")

    server.answers["/start"] = moved("/start/?utm_a=1")
    server.page("/start/?utm_a=1", "/circle", "/away", "/page")
    server.answers["/circle"] = moved("/circle/")
    server.answers["/circle/"] = moved("/circle")
    server.answers["/away"] = moved("/page/")
    server.answers["/page"] = moved("/page/")
    server.page("/page/", "sub")
    server.page("/page/sub")
    report = record("/start", finder=LinkFinder(rules=SLASHES))
    assert addresses(record.target) == ["/start", "/page", "/page/sub"]
    assert load_manifest(record.target).pages[1].aliases == ("/away",)
    assert len(report.skips.counts) == 1
    assert report.skips.lines()[0].startswith("1 redirects to itself")


def test_a_redirect_to_another_spelling_survives_a_stop(server, record):
    """What goes on asks for the spelling that the server named."""
    server.page("/", "/guide", "/b")
    server.answers["/guide"] = (301, {"Location": "/guide/"}, b"")
    server.answers["/guide/"] = (429, {**HTML, "Retry-After": "0"}, b"")
    with pytest.raises(BenchError):
        record(finder=LinkFinder(rules=SLASHES))
    server.page("/guide/")
    server.page("/b")
    record(finder=LinkFinder(rules=SLASHES))
    assert server.paths() == ["/", "/guide", "/guide/", "/guide/", "/b"]
    assert addresses(record.target) == ["/", "/guide", "/b"]


def test_robots_txt_is_asked_about_the_link_itself(server, record):
    """Not about the spelling that the site file prefers."""
    server.answers["/robots.txt"] = (200, HTML, b"User-agent: *\nDisallow: /*/$")
    server.page("/", "/closed/", "/open")
    server.page("/open")
    report = record(finder=LinkFinder(rules=SLASHES))
    assert server.paths() == ["/", "/open"]
    assert dict(report.skips.counts) == {"forbidden by robots.txt": 1}


def test_hostile_answers_are_no_pages(server, record):
    """Wrong types, bombs, nothing, half of something."""
    server.page("/", "/type", "/bomb", "/empty", "/half", "/plain", "/next")
    server.answers["/type"] = (200, {"Content-Type": "image/png"}, b"\x89PNG")
    import gzip

    bomb = gzip.compress(b"\0" * (40 * 2**20))
    server.answers["/bomb"] = (200, {**HTML, "Content-Encoding": "gzip"}, bomb)
    server.answers["/empty"] = (200, HTML, b"")
    server.answers["/half"] = (
        200,
        {**HTML, "Content-Encoding": "gzip"},
        gzip.compress(b"<p>half")[:-9],
    )
    server.answers["/plain"] = (200, {**HTML, "Content-Encoding": "gzip"}, b"<p>no gzip")
    server.page("/next")
    report = record()
    assert addresses(record.target) == ["/", "/plain", "/next"]
    assert dict(report.skips.counts) == {
        "no HTML": 1,
        "larger than 32 MB": 1,
        "empty": 1,
        "cut short within its compression": 1,
    }


def test_a_server_that_is_gone_stops_it(server, record):
    """After three requests without an answer, and what there is stays."""
    server.page("/", *(f"/{n}" for n in range(9)))
    for n in range(9):
        server.answers[f"/{n}"] = (None, HTML, b"")
    with pytest.raises(BenchError, match=r"gave no answer .*; 1 page is kept"):
        record()
    assert len(server.paths()) == 4


def test_nobody_there(record, tmp_path):
    """One sentence."""
    plan = RecordPlan("http://127.0.0.1:9/", tmp_path / "x", 0.0, 5, LinkFinder())
    with pytest.raises(BenchError, match=r"robots\.txt cannot be fetched \(ConnectionError\)"):
        record_pages(plan, force=False)


def test_another_recording_is_not_mixed_in(server, record):
    """The folder of an unfinished one belongs to its address."""
    server.page("/", "/b")
    server.answers["/b"] = (429, {**HTML, "Retry-After": "0"}, b"")
    with pytest.raises(BenchError):
        record()
    with pytest.raises(UsageError, match="has an unfinished recording of"):
        record("/b")


def test_a_journal_cut_short_goes_on_and_a_broken_one_is_refused(server, record):
    """A kill in the middle of a line costs that step only."""
    server.page("/", "/b")
    server.answers["/b"] = (429, {**HTML, "Retry-After": "0"}, b"")
    with pytest.raises(BenchError):
        record()
    journal = work_folder(record.target) / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-5])
    server.page("/b")
    journal.write_bytes(b"rubbish\n" + whole)
    with pytest.raises(UsageError, match=r"journal\.jsonl is broken"):
        record()
    journal.write_bytes(whole[:-5])
    assert record().pages == 2


def test_a_disk_that_is_full_at_the_end_costs_no_request(server, record, monkeypatch):
    """The journal stays until the folder is in its place, so that the same command goes on."""
    server.page("/", "/b")
    server.page("/b")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("pathlib.Path.write_text", fail)  # the site file is the last to be written
        with pytest.raises(StorageError, match="No space left on device"):
            record()
    assert record().pages == 2
    assert server.paths() == ["/", "/b"]
    assert "journal.jsonl" not in {path.name for path in record.target.iterdir()}


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("120", 120),
        ("0", 0),
        ("", 60),
        ("soon", 60),
        ("-5", 60),
        ("9" * 400, 7 * 86400),
        ("Thu, 01 Jan 1970 00:10:00 GMT", 500),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0),
        ("Thu, 99 Foo 1970", 60),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, wait_s):
    """Anything else is a minute."""
    assert retry_after_s(header, now=100.0) == wait_s


def test_the_command_asks_first(server, crawlbench, tmp_path):
    """Without --yes it says what it would do; a short delay is for one's own machine."""
    outcome = crawlbench("mirror", "record", "https://example.org/", "-o", "site")
    assert outcome.returncode == 2
    assert "would fetch robots.txt and up to 50 pages from https://example.org/, one at a" in (
        outcome.stderr
    )
    assert outcome.stderr.count("\n") == 1
    outcome = crawlbench("mirror", "record", "https://example.org/", "-o", "site", "--delay", "0")
    assert "--delay 0 is too short for a server that is not yours" in outcome.stderr
    assert not (tmp_path / "site").exists()


def test_ctrl_c_keeps_what_there_is_and_the_same_command_goes_on(server, crawlbench, tmp_path):
    """No page is fetched twice."""
    names = [f"/{n}" for n in range(12)]
    for name in names:
        server.page(name, *names, title=name)
    call = ("mirror", "record", f"{server.origin}/0", "-o", "site", "--yes", "--delay")
    process = subprocess.Popen(
        **command_line(*call, "0.3", cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    )
    while len(server.paths()) < 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "the same command continues from there" in said
    assert "Traceback" not in said
    assert not (tmp_path / "site").exists()
    fetched = len(server.paths())
    outcome = crawlbench(*call, "0")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith("12 pages of ")
    assert len(server.paths()) <= len(names) + 1, fetched
    manifest = json.loads((tmp_path / "site" / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(page["address"] for page in manifest["pages"]) == sorted(names)
    assert crawlbench("mirror", "verify", "site/site.toml").returncode == 0


def test_a_site_file_says_which_links_to_follow(server, crawlbench, tmp_path):
    """Its kinds and its rules of addresses."""
    server.page("/list", "/item/1?utm_source=a", "/item/1", "/about", "/item/2")
    for n in (1, 2):
        server.page(f"/item/{n}", "/list", "/item/9")
    (tmp_path / "site.toml").write_text(
        f"""
        name = "shop"
        start = "{server.origin}/list"
        pages = "pages"
        addresses = {{drop_parameters = ["utm_*"]}}
        [[kinds]]
        pattern = "/list"
        links = "//a"
        [[kinds]]
        pattern = '/item/\\d+'
        items = "//title"
        fields = [{{name = "title"}}]
        """
    )
    outcome = crawlbench(
        *("mirror", "record", f"{server.origin}/list", "-o", "pages", "--site", "site.toml"),
        *("--yes", "--delay", "0"),
    )
    assert outcome.returncode == 0, outcome.stderr
    assert server.paths() == ["/list", "/item/1", "/item/2"]
    outcome = crawlbench("mirror", "verify", "site.toml")
    assert outcome.returncode == 0, outcome.stderr
    assert "shop: 2 items on 3 pages" in outcome.stdout
