"""A recording takes no secrets along, and leaves what it is asked to leave."""

from __future__ import annotations

import pytest

from tests.archive.recorded import HTML

ROBOTS = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nAllow: /\n")


def linked(server, path, head="", link='<a href="/next">n</a>', **headers):
    """Make a page with that head and link."""
    body = f"<!doctype html><head><title>t</title>{head}</head><body>{link}</body>".encode()
    server.answers[path] = (200, {**HTML, **headers}, body)
    server.page("/next")


@pytest.mark.parametrize("place", ["NETRC", "HOME"])
def test_passwords_of_a_netrc_file_stay_at_home(server, record, tmp_path, monkeypatch, place):
    """Neither the page nor robots.txt is asked for with them."""
    name = tmp_path / ".netrc"
    name.write_text("machine 127.0.0.1 login me password secret\ndefault login me password other\n")
    name.chmod(0o600)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv(place, str(name if place == "NETRC" else tmp_path))
    server.answers["/robots.txt"] = ROBOTS
    server.page("/", "/a")
    server.page("/a")
    record()
    assert server.asked == ["/robots.txt", "/", "/a"]
    assert all(headers["Authorization"] is None for headers in server.sent)


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_of_the_surroundings_is_not_asked(server, record, monkeypatch, variable):
    """Nobody listens there; a proxy is an option."""
    monkeypatch.setenv(variable, "http://me:secret@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.page("/")
    record()
    assert server.paths() == ["/"]
    assert all(headers["Proxy-Authorization"] is None for headers in server.sent)


def test_a_proxy_that_was_asked_for_is_used(server, record):
    """It sees whole addresses."""
    server.page("/")
    server.answers[f"{server.origin}/"] = server.answers["/"]
    record(proxy=server.origin)
    assert f"{server.origin}/" in server.asked


@pytest.mark.parametrize(
    "link",
    [
        '<a rel=nofollow href="/next">n</a>',
        '<a rel="NOFOLLOW" href="/next">n</a>',
        '<a rel="noopener NoFollow external" href="/next">n</a>',
        '<a rel="\n nofollow\t" href="/next">n</a>',
        "<A REL='nofollow' HREF='/next'>n</A>",
        '<map name=m><area rel="nofollow" href="/next"></map>',
    ],
)
def test_links_marked_nofollow_are_left(server, record, link):
    """In every spelling that HTML has for it."""
    linked(server, "/", link=link)
    record()
    assert server.paths() == ["/"]


@pytest.mark.parametrize(
    "link",
    [
        '<a rel="noopener" href="/next">n</a>',
        '<a rel="nofollows" href="/next">n</a>',
        '<a class="nofollow" href="/next">n</a>',
        '<a rel="" href="/next">nofollow</a>',
        '<a rel="nofollow" href="/gone">n</a> <a href="/next">n</a>',
    ],
)
def test_other_links_are_followed(server, record, link):
    """What is only like it, and what stands beside it."""
    linked(server, "/", link=link)
    record()
    assert server.paths() == ["/", "/next"]


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="robots" content="nofollow">',
        '<META NAME=ROBOTS CONTENT="NOINDEX,NOFOLLOW">',
        '<meta content="index, nofollow" name=" robots ">',
        '<meta name="robots" content="none">',
        '<meta name="crawlbench" content="nofollow">',
        '<meta name="robots" content="all"><meta name="robots" content="nofollow">',
    ],
)
def test_a_page_may_ask_that_its_links_be_left(server, record, head):
    """The page itself is kept: it was asked for."""
    linked(server, "/", head)
    record()
    assert server.paths() == ["/"]


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="robots" content="index, follow">',
        '<meta name="robots" content="noindex">',
        '<meta name="googlebot" content="nofollow">',
        '<meta name="description" content="nofollow">',
        '<meta name="robots">',
        '<meta property="robots" content="nofollow">',
    ],
)
def test_a_page_that_asks_for_something_else_is_followed(server, record, head):
    """Or asks it of somebody else."""
    linked(server, "/", head)
    record()
    assert server.paths() == ["/", "/next"]


@pytest.mark.parametrize(
    "value",
    [
        "nofollow",
        "NoIndex, NoFollow",
        "none",
        "crawlbench: nofollow",
        ["noindex", "nofollow"],
        ["googlebot: noindex", "crawlbench: noarchive, nofollow"],
        "max-snippet: 20, nofollow",
    ],
)
def test_a_header_may_ask_that_links_be_left(server, record, value):
    """X-Robots-Tag, in one line or several, of all robots or of us."""
    linked(server, "/", **{"X-Robots-Tag": value})
    record()
    assert server.paths() == ["/"]


@pytest.mark.parametrize(
    "value",
    [
        "all",
        "noindex",
        "googlebot: nofollow",
        ["googlebot: none", "noarchive"],
        "unavailable_after: 25 Jun 2027 15:00:00 PST",
        "nofollowing",
    ],
)
def test_a_header_that_asks_for_something_else_is_no_obstacle(server, record, value):
    linked(server, "/", **{"X-Robots-Tag": value})
    record()
    assert server.paths() == ["/", "/next"]


def wall(status, location, cookie="seen=1; Path=/"):
    """Return a page that shows itself to those who bring its cookie, and sends others to it."""

    def answer(headers):
        if "seen=1" in (headers["Cookie"] or ""):
            return 200, HTML, b"<!doctype html><title>behind</title>"
        return status, {**HTML, "Location": location, "Set-Cookie": cookie}, b""

    return answer


@pytest.mark.parametrize(
    ("status", "location"),
    [(302, "/"), (307, "{origin}/"), (303, ""), (301, "/#top")],
)
def test_a_cookie_wall_is_asked_once_more(server, record, status, location):
    """With its cookie, and after the pause that any request has."""
    server.answers["/"] = wall(status, location.format(origin=server.origin))
    report = record(delay_s=3.0)
    assert server.paths() == ["/", "/"]
    assert record.waits == [3.0, 3.0]
    assert report.pages == 1


@pytest.mark.parametrize("cookie", ["other=1; Path=/", "seen=1; Path=/elsewhere", "seen=2"])
def test_a_wall_that_stays_is_asked_no_third_time(server, record, cookie):
    """It is left out, and told as what it is."""
    server.page("/", "/wall", "/next")
    server.page("/next")
    server.answers["/wall"] = wall(302, "/wall", cookie)
    report = record()
    assert server.paths() == ["/", "/wall", "/wall", "/next"]
    assert any("redirects to itself" in line for line in report.skips.lines())


def test_a_redirect_to_itself_without_a_cookie_is_no_wall(server, record):
    """Nothing would be another time; and a redirect elsewhere with a cookie is a redirect."""
    server.page("/", "/loop", "/away")
    server.answers["/loop"] = (302, {**HTML, "Location": "/loop"}, b"")
    server.answers["/away"] = (302, {**HTML, "Location": "/there", "Set-Cookie": "a=1"}, b"")
    server.page("/there")
    record()
    assert server.paths() == ["/", "/loop", "/away", "/there"]
