"""Reads pages with regular expressions: quick to write, and wrong on the next change of markup.

A parser is a function of a `SiteSpec` that returns a reader of pages. This one knows the markup of
one site only, and says so of others.
"""

import re
from html import unescape
from urllib.parse import urljoin

from crawlbench.base.errors import BlockedPageError, UsageError
from crawlbench.base.model import Page

ITEM = re.compile(r'<em class="">(\d+)</em>.*?</li>', re.DOTALL)
FIELDS = (
    re.compile(r'<span class="title">(.*?)</span>'),
    re.compile(r'<a href="[^"]*/subject/(\d+)/"'),
    re.compile(r'<span class="rating_num"[^>]*>(.*?)</span>'),
    re.compile(r"<span>(\d+)人评价</span>"),
)
LINK = re.compile(r'<a href="(\?start=\d+&amp;filter=)"\s*>\d+</a>')


def compile_reader(spec):
    """Return a reader of the Douban list."""
    if spec.name != "douban-top250":
        raise UsageError(f"the parser titles reads douban-top250 alone, not {spec.name!r}")

    def read(address, body):
        text = body.decode(spec.encoding)
        items = []
        for found in ITEM.finditer(text):
            values = [pattern.search(found[0]) for pattern in FIELDS]
            if not all(values):
                break
            title, subject, rating, votes = (unescape(value[1]) for value in values)
            items.append(spec.item_type(int(found[1]), title, subject, float(rating), int(votes)))
        if not items:
            raise BlockedPageError(f"{address} came with {len(body)} bytes but no list")
        links = [urljoin(address, unescape(href)) for href in LINK.findall(text)]
        return Page(tuple(items), tuple(map(spec.page_address, links)))

    return read
