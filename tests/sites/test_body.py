"""Pages of the size that the site's name says."""

from __future__ import annotations

import gzip

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.plugins import registry

KIND = registry.Kind.SITE


@pytest.mark.parametrize(("name", "size"), [("body-2048", 2048), ("body-64k", 65_536)])
def test_pages_have_that_size_and_hold_their_item(name, size):
    """Each page to the byte, and a crawl of them finds all twenty."""
    spec = registry.load(KIND, name)
    source, read = spec.pages(), registry.load(registry.Kind.PARSER, "lxml")(spec)
    items, front, seen = [], ["http://h/page/1"], {"http://h/page/1"}
    while front:
        url = front.pop()
        _, body = source.read(source.find(url.removeprefix("http://h")))
        assert len(body) == size
        page = read(url, body)
        items += page.items
        front += [link for link in page.links if link not in seen]
        seen.update(page.links)
    assert sorted(items) == list(spec.expected_items())


def test_text_compresses_like_text():
    """Neither noise nor one letter: about a fifth to a third."""
    _, body = registry.load(KIND, "body-64k").pages().read("/page/7")
    assert 3 < len(body) / len(gzip.compress(body)) < 6


@pytest.mark.parametrize("name", ["body-", "body-1", "body-17m", "body-5g", "body-x", "body-1.5k"])
def test_other_sizes_are_refused(name):
    """In a sentence that shows what would work."""
    with pytest.raises(UsageError, match="write one as body-64k or body-1m"):
        registry.load(KIND, name)


def test_no_page_beyond_the_twenty():
    """Nor one of another path."""
    source = registry.load(KIND, "body-4k").pages()
    assert [source.find(a) for a in ("/page/0", "/page/21", "/page/1/", "/")] == [None] * 4
