"""A HAR gives its pages, or one sentence."""

import json

import pytest

from tests.archive.archives import HOST, HTML, har_entry, page, write_har


def test_pages_are_taken_as_text_or_base64(workshop):
    """A text that the browser decoded is UTF-8, whatever the header said."""
    source = write_har(
        workshop.folder / "x.har",
        har_entry(f"{HOST}/", page("页")),
        har_entry(
            f"{HOST}/text",
            headers=[("content-type", "text/html; charset=gbk")],
            text="<title>页</title>",
            encoding=None,
        ),
        har_entry(f"{HOST}/typed", page(), headers=[]),
    )
    report = workshop.run(source)
    assert workshop.pages() == {
        "/": page("页"),
        "/text": "<title>页</title>".encode(),
        "/typed": page(),
    }
    assert workshop.entry("/text").headers["Content-Type"] == "text/html; charset=utf-8"
    assert set(report.encodings) == {"utf-8"}


def test_what_is_no_page_is_counted_by_reason(workshop):
    """Posts, bodies that were not saved, other statuses."""
    source = write_har(
        workshop.folder / "x.har",
        har_entry(f"{HOST}/", page()),
        har_entry(f"{HOST}/form", page(), method="POST"),
        har_entry(f"{HOST}/lost", text=None, encoding=None),
        har_entry(f"{HOST}/cached", page(), status=304),
        har_entry("data:text/html,x", page()),
        har_entry(f"{HOST}/moved", status=302, headers=[("Location", "/")]),
    )
    report = workshop.run(source)
    assert dict(report.skips.counts) == {
        "an answer to POST": 1,
        "saved without its body": 1,
        "with status 304": 1,
        "without an http address": 1,
    }
    assert workshop.entry("/").aliases == ("/moved",)


@pytest.mark.parametrize("method", ["POST", "put", "HEAD"])
def test_what_a_form_redirects_to_is_no_alias(workshop, method):
    """A GET of its address would be answered in another way, and is."""
    source = write_har(
        workshop.folder / "x.har",
        har_entry(f"{HOST}/login", status=302, method=method, headers=[("Location", "/home")]),
        har_entry(f"{HOST}/login", page("log in")),
        har_entry(f"{HOST}/home", page("home")),
        har_entry(f"{HOST}/gone", status=303, method=method, headers=[("Location", "/home")]),
    )
    report = workshop.run(source)
    assert workshop.pages() == {"/login": page("log in"), "/home": page("home")}
    assert report.aliases == 0
    assert dict(report.skips.counts) == {f"an answer to {method.upper()}": 2}


@pytest.mark.parametrize("text", ["%%%%", "abc", "页", "YQ==YQ=="])
def test_base64_rubbish_costs_its_own_entry(workshop, text):
    """The others are taken."""
    source = write_har(
        workshop.folder / "x.har", har_entry(f"{HOST}/", page()), har_entry(f"{HOST}/b", text=text)
    )
    report = workshop.run(source)
    assert set(workshop.pages()) == {"/"}
    assert report.skips.lines() == [f"1 encoded in base64 that is broken, such as {HOST}/b"]


def test_an_unknown_encoding_is_plain_text(workshop):
    """A HAR knows base64 only, and some writers name the page's charset there."""
    source = write_har(
        workshop.folder / "x.har", har_entry(f"{HOST}/", text="<p>a", encoding="utf-8")
    )
    report = workshop.run(source)
    assert workshop.pages() == {"/": b"<p>a"}
    assert report.leniencies.counts == {"plain text although their encoding is 'utf-8'": 1}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[]", b'{"log": {}}', b"[" * 100_000, b'{"log":{"entries":7}}'],
)
def test_what_is_no_har_is_refused(workshop, content):
    """Whether it is no JSON, cut short or something else."""
    source = workshop.folder / "x.har"
    source.write_bytes(content)
    assert "not a whole HAR" in workshop.refusal(source)


def test_a_har_cut_short_is_refused(workshop):
    """At any place."""
    whole = json.dumps({"log": {"entries": [har_entry(f"{HOST}/", page())]}}).encode()
    source = workshop.folder / "x.har"
    for share in (0.2, 0.5, 0.9):
        source.write_bytes(whole[: int(share * len(whole))])
        assert "not a whole HAR" in workshop.refusal(source)


def test_a_har_without_pages_is_refused(workshop):
    """It would be a site of nothing."""
    source = write_har(workshop.folder / "x.har")
    assert "no page that could be served: it is empty" in workshop.refusal(source)


def test_headers_of_an_archive_cannot_make_headers_of_their_own(workshop):
    """No line breaks, no odd names, no floods."""
    hostile = [
        ("X-A", "1\r\nX-Evil: 1"),
        ("X-Evil: 2\r\nX-B", "1"),
        ("X-Long", "a" * 5000),
        ("X-页", "1"),
        ("X-C", "页"),
        *((f"X-{n}", "1") for n in range(10_000)),
    ]
    source = write_har(
        workshop.folder / "x.har", har_entry(f"{HOST}/", page(), headers=[*HTML, *hostile])
    )
    workshop.run(source)
    headers = workshop.entry("/").headers
    assert len(headers) <= 65
    assert not {"X-A", "X-Evil", "X-B", "X-Long", "X-C"} & set(headers)


def write_odd_text(folder, text):
    source = write_har(
        folder / "x.har",
        har_entry(f"{HOST}/", page("a")),
        har_entry(f"{HOST}/b", text="<title>ODD", encoding=None),
        har_entry(f"{HOST}/c", page("c")),
    )
    source.write_bytes(source.read_bytes().replace(b"ODD", text))
    return source


def test_an_entry_that_is_no_text_costs_itself(workshop):
    """The others are pages; its place is named."""
    source = write_odd_text(workshop.folder, b"\xff")
    report = workshop.run(source)
    assert set(workshop.pages()) == {"/", "/c"}
    ((reason, example),) = report.skips.examples.items()
    assert reason.startswith("broken (")
    assert example == f"entry 1 of {source}"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (rb"a\ud83cb", "a\ufffdb"),
        (rb"a\uDF55", "a\ufffd"),
        (rb"\ud83c\ud83c\udf55", "\ufffd\U0001f355"),
        (rb"\\ud83c \ud83c", "\\ud83c \ufffd"),
        (rb"\uD83C\uDF55\u7535", "\U0001f355电"),
    ],
)
def test_half_a_pair_is_a_letter_that_nobody_can_read(workshop, text, right):
    """Browsers write such halves; whole pairs and backslashes stay what they are."""
    workshop.run(write_odd_text(workshop.folder, text))
    assert workshop.pages()["/b"].decode() == f"<title>{right}"


def test_a_har_with_other_escapes_than_json_has_is_refused(workshop):
    """It was no program of its kind that wrote it."""
    assert "is not a whole HAR file" in workshop.refusal(write_odd_text(workshop.folder, rb"\x"))
