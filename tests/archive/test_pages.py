"""Pages are rewritten on their way into a site's folder, in time that grows with their size."""

import pytest

from crawlbench.archive.pages import rewrite_links

HOST = "example.org"
OWN = b"<p>example.org</p>"


@pytest.mark.parametrize(
    ("written", "rewritten"),
    [
        (b"<a href=http://example.org/a>", b"<a href=/a>"),
        (b"<a href = 'https://example.org:443/a'>", b"<a href = '/a'>"),
        (b'<a HREF\n=\n"\t//example.org/a">', b'<a HREF\n=\n"\t/a">'),
        (b"<img src=//example.org>", b"<img src=/>"),
        (b"<form action='http://example.org?q'>", b"<form action='/?q'>"),
        (b"<a href=http://example.organic/a>", None),
        (b'<a href="\'http://example.org/a">', None),
        (b"<a href==http://example.org/a>", None),
    ],
)
def test_links_to_the_own_host_become_relative(written, rewritten):
    """However they are quoted and whatever blanks are beside the sign; others stay."""
    body = OWN + written
    expected = (body, 0) if rewritten is None else (OWN + rewritten, 1)
    assert rewrite_links(body, HOST) == expected


@pytest.mark.parametrize("form", [b"href=%b", b"href%b=", b"href=%b'%b", b"href='%b"])
def test_a_page_of_blanks_is_read_once(form):
    """What took their number squared would take hours, so the timeout would end this."""
    blanks = b" " * 2_000_000
    body = OWN + form.replace(b"%b", blanks) + b">"
    assert rewrite_links(body, HOST) == (body, 0)
