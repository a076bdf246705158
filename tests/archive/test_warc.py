"""A WARC gives its pages, or one sentence."""

import gzip
import sys
import textwrap

import pytest

from crawlbench.base.errors import NotInstalledError, UsageError
from tests.archive.archives import (
    HOST,
    HTML,
    NO_ID,
    chunked,
    gzipped,
    page,
    record,
    response,
    warc_bytes,
    write_warc,
)
from tests.child import succeed


@pytest.mark.parametrize("gz", [True, False])
def test_pages_are_taken_with_their_headers(workshop, gz):
    """Bodies byte for byte; what belongs to one connection or visitor is dropped."""
    headers = [
        *HTML,
        ("Connection", "close"),
        ("Set-Cookie", "a=b"),
        ("X-Robots-Tag", "all"),
    ]
    body = page("A", "/b")
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/a", body, headers=headers),
        response(f"{HOST}/b?q=1#part", page("B")),
        gz=gz,
    )
    report = workshop.run(source)
    assert (report.pages, report.start) == (2, f"{HOST}/a")
    assert workshop.pages() == {"/a": body, "/b?q=1": page("B")}
    kept = workshop.entry("/a").headers
    assert kept["Content-Type"] == "text/html; charset=utf-8"
    assert kept["X-Robots-Tag"] == "all"
    assert not {"Connection", "Set-Cookie"} & set(kept)


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        ([("Content-Encoding", "gzip")], gzipped),
        ([("Content-Encoding", "deflate")], lambda body: __import__("zlib").compress(body)),
        ([("Transfer-Encoding", "chunked")], chunked),
        (
            [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")],
            lambda body: chunked(gzipped(body)),
        ),
        ([("Content-Encoding", "identity")], bytes),
    ],
)
def test_codings_are_undone(workshop, coding, encode):
    """The page is what a browser would see, and no header speaks of a coding."""
    body = page("coded") + b"x" * 1000
    source = write_warc(
        workshop.folder / "x.warc.gz", response(f"{HOST}/", encode(body), headers=[*HTML, *coding])
    )
    workshop.run(source)
    assert workshop.pages() == {"/": body}
    assert not {"Content-Encoding", "Transfer-Encoding"} & set(workshop.entry("/").headers)


def test_what_is_no_page_is_counted_by_reason(workshop):
    """Other statuses, types, hosts and schemes; answers without a body."""
    gz = [*HTML, ("Content-Encoding", "gzip")]
    bomb = gzipped(b"\0" * (33 * 2**20))
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", page("start")),
        response(f"{HOST}/gone", b"no", status="404 Not Found"),
        response(f"{HOST}/x.png", b"\x89PNG", headers=[("Content-Type", "image/png")]),
        response("https://other.example/", page()),
        response("dns:docs.example.org", b"1.2.3.4"),
        response(f"{HOST}/../../etc/passwd", page("evil")),
        response("/etc/passwd", page("evil")),
        response("file:///etc/passwd", page("evil")),
        response(f"{HOST}/empty", b" "),
        response(f"{HOST}/bomb", bomb, headers=gz),
        response(f"{HOST}/cut", gzipped(page("cut"))[:-12], headers=gz),
        response(f"{HOST}/lie", b"no gzip", headers=gz),
        response(f"{HOST}/odd", page(), headers=[*HTML, ("Content-Encoding", "zip")]),
        response(f"{HOST}/short", page(), headers=[*HTML, ("Content-Length", "100000")]),
        response(f"{HOST}/truncated", page(), WARC_Truncated="length"),
        response(f"{HOST}/", page("start")),
        response(f"{HOST}/", page("other")),
    )
    report = workshop.run(source)
    assert workshop.pages() == {"/": page("start"), "/lie": b"no gzip", "/odd": page()}
    assert report.leniencies.counts == {"plain although their header names a coding": 2}
    assert dict(report.skips.counts) == {
        "with status 404": 1,
        "no HTML": 1,
        "of another host": 1,
        "without an http address": 3,
        "with .. in the address, which no client would ask for": 1,
        "empty": 1,
        "larger than 32 MB": 1,
        "cut short within its compression": 1,
        "cut short when it was captured": 2,
        "again, with the same body": 1,
        "again, with another body (the first is kept)": 1,
    }
    assert "1 again, with another body (the first is kept), such as" in "".join(
        report.skips.lines()
    )


@pytest.mark.parametrize("gz", [True, False])
@pytest.mark.parametrize("method", ["POST", "put", "OPTIONS"])
@pytest.mark.parametrize("order", [{}, {"X_First": "yes"}])
@pytest.mark.parametrize("ids", [{}, {"WARC_Record_ID": "<urn:a>", "WARC_Concurrent_To": NO_ID}])
def test_an_answer_to_another_method_is_no_page(workshop, gz, method, order, ids):
    """A GET would not get it, so it takes no page's place, wherever its request stands."""
    posted = response(f"{HOST}/q", page("results"), X_Method=method, **order, **ids)
    moved = response(f"{HOST}/m", b"", "303 See Other", [("Location", "/")], X_Method=method)
    form = response(f"{HOST}/q", page("form"), WARC_Record_ID="<urn:b>", X_Method="GET")
    others = [response(f"{HOST}/", page("start", "/q")), moved]
    source = workshop.folder / "x.warc"
    source.write_bytes(warc_bytes(posted, gz=gz) + warc_bytes(form, *others, gz=gz))
    report = workshop.run(source)
    assert report.skips.counts == {f"an answer to {method.upper()}": 2}
    assert workshop.pages() == {"/q": page("form"), "/": page("start", "/q")}
    assert report.start == f"{HOST}/q"


@pytest.mark.parametrize("block", [b"", b"GET", b"GET /q HTTP/1.1\r\n\r\n", b"\xff\0 /", b"get / "])
def test_requests_that_name_no_other_method_take_no_page_away(workshop, block):
    """Some programs write requests without a head, or none."""
    source = workshop.folder / "x.warc"
    answer = warc_bytes(response(f"{HOST}/q", page("q")), gz=False)
    source.write_bytes(answer + record("request", f"{HOST}/q", block, {}))
    assert workshop.run(source).pages == 1


@pytest.mark.parametrize("gz", [True, False])
def test_an_archive_that_was_cut_short_gives_its_whole_records(workshop, gz):
    """Wherever it was cut: pages are whole or not there, and what is missing is said."""
    whole = warc_bytes(*(response(f"{HOST}/{n}", page(f"{n}")) for n in range(2)), gz=gz)
    first_page = warc_bytes(response(f"{HOST}/0", page("0")), gz=gz)
    source = workshop.folder / "x.warc"
    refused_at = 0
    for cut in range(1, len(whole), 7):
        source.write_bytes(whole[:cut])
        try:
            report = workshop.run(source, force=True)
        except UsageError:
            refused_at = cut
            continue
        pages = workshop.pages()
        assert set(pages) <= {"/0", "/1"}
        assert all(body == page(address[1:]) for address, body in pages.items()), cut
        said = [reason for reason in report.skips.counts if "what follows it is not read" in reason]
        assert len(said) <= 1
        if "/1" not in pages:
            assert said or cut < len(first_page) + 500
    assert 0 < refused_at <= len(first_page)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"hello\r\n\r\n",
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: x\r\n\r\n",
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -5\r\n\r\nabc",
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/\r\n\r\nHTTP/1.1 200 OK\r\n",
        b"WARC/1.0\r\n" + b"A: b\r\n" * 500_000,
        gzip.compress(b"WARC/1.0\r\nX: " + b"a" * 50_000_000),
        gzip.compress(b"\0" * 50_000_000),
        gzip.compress(b"hello")[:-4] + b"\0\0\0\0",
    ],
    ids=range(10),
)
def test_rubbish_is_refused_in_one_sentence(workshop, content):
    """Neither a trace nor half a folder, nor memory for a header of 50 MB."""
    source = workshop.folder / "x.warc.gz"
    source.write_bytes(content)
    assert str(source) in workshop.refusal(source)


def test_redirects_become_other_spellings_of_a_page(workshop):
    """Chains are followed; loops and those that lead to no page are said."""

    def redirect(path, location):
        return response(f"{HOST}{path}", status="301 Moved", headers=[("Location", location)])

    source = write_warc(
        workshop.folder / "x.warc",
        redirect("/", "/start"),
        redirect("/start", f"{HOST}/home"),
        response(f"{HOST}/home", page("home")),
        redirect("/loop", "/pool"),
        redirect("/pool", "/loop"),
        redirect("/away", "https://other.example/"),
        redirect("/nowhere", "/missing"),
        redirect("/broken", "http://["),
    )
    report = workshop.run(source, start=f"{HOST}/")
    assert sorted(workshop.entry("/home").aliases) == ["/", "/start"]
    assert report.aliases == 2
    assert dict(report.skips.counts) == {
        "redirects between hosts": 1,
        "redirects that lead to no page": 3,
        "redirects to no address": 1,
    }


@pytest.mark.parametrize("start", [f"{HOST}/", None])
def test_redirects_of_other_hosts_are_not_the_sites_own(workshop, start):
    """Neither before the first page, when the host may be unknown, nor after it."""

    def redirect(url, location):
        return response(url, status="301 Moved", headers=[("Location", location)])

    other = "https://other.example"
    source = write_warc(
        workshop.folder / "x.warc",
        redirect(f"{other}/old", "/elsewhere"),
        redirect(f"{other}/", "/old"),
        redirect(f"{HOST}/old", "/"),
        response(f"{HOST}/", page("home")),
        redirect(f"{other}/older", "/"),
        redirect(f"{HOST}/older", "/old"),
    )
    report = workshop.run(source, start=start)
    assert sorted(workshop.entry("/").aliases) == ["/old", "/older"]
    assert dict(report.skips.counts) == {"redirects of another host": 3}


def test_links_to_the_own_host_become_relative(workshop):
    """Else a crawl of the mirror would go to the real site."""
    body = page("A", "/b", "", "?q", host=HOST) + b'<a href="//docs.example.org:443/c">'
    body += b"<a href='http://docs.example.organic/d'><p>https://docs.example.org/ as text</p>"
    report = workshop.run(write_warc(workshop.folder / "x.warc", response(f"{HOST}/", body)))
    assert report.rewritten == 4
    text = workshop.pages()["/"].decode()
    assert 'href="/b"' in text
    assert 'href="/"' in text
    assert 'href="/?q"' in text
    assert 'href="/c"' in text
    assert "http://docs.example.organic/d" in text
    assert "https://docs.example.org/ as text" in text


def test_a_start_that_is_not_there_is_refused(workshop):
    """The sentence says what is there."""
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/a", page()))
    assert "1 page of docs.example.org, but not the start" in workshop.refusal(source, f"{HOST}/b")
    assert "pages of docs.example.org (1)" in workshop.refusal(source, "https://example.org/")
    assert "--start: 'nonsense' is not an http address" in workshop.refusal(source, "nonsense")
    assert "must not contain a name or password" in workshop.refusal(
        source, "https://me:pw@docs.example"
    )


def test_an_archive_without_a_page_is_refused(workshop):
    """With the reasons."""
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/a", b"", status="500 Oh no"))
    assert "no page that could be served: 1 with status 500" in workshop.refusal(source)


def test_without_warcio_the_extra_is_named(workshop, monkeypatch):
    """An extra that is not installed is no trace."""
    monkeypatch.setitem(sys.modules, "warcio.archiveiterator", None)
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/a", page()))
    with pytest.raises(NotInstalledError, match="pip install warcio"):
        workshop.run(source)


@pytest.mark.slow
@pytest.mark.long
def test_memory_does_not_grow_with_the_archive(tmp_path):
    """100 MB of pages are imported within a few tens of MB."""
    source = tmp_path / "large.warc.gz"
    with source.open("wb") as file:
        filler = b"<p>" + bytes(range(32, 127)) * 1000
        for n in range(1000):
            file.write(warc_bytes(response(f"{HOST}/{n}", page(f"{n}") + filler)))
    call = textwrap.dedent(f"""
        import resource
        from pathlib import Path
        from crawlbench.archive.importing import import_pages
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report = import_pages([Path({str(source)!r})], Path({str(tmp_path / "site")!r}), None,
                              site_file=True, force=False)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(report.pages, report.body_bytes, (after - before) * 1024)
    """)
    done = succeed([sys.executable, "-c", call])
    pages, body_bytes, grown_bytes = map(int, done.stdout.split())
    assert pages == 1000
    assert body_bytes > 90e6
    assert grown_bytes < 40e6
