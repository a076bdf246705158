"""A hundred hosts, each with an address of loopback, so that no names are resolved (floor 1).

This is what crawling the web does to a client: a pool for each host, and connections that serve few
pages. The first page lists all, so that as many are in flight as are allowed.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from crawlbench.base.model import Field, Item, PageKind, SiteSpec
from crawlbench.sites.written import WrittenPages

HOSTS: Final = 100
PAGES_EACH: Final = 3
FILL: Final = "What a page holds beside its title. " * 60
HEADERS: Final = {"Content-Type": "application/json"}
_PATH = re.compile(r"/host/(\d{1,3})/\d")


def page_address(address: str) -> str:
    """Give each page one spelling, on its host."""
    parts = urlsplit(address)
    found = _PATH.fullmatch(parts.path)
    port = f":{parts.port}" if parts.port else ""
    host = f"{_host(int(found[1]))}{port}" if found and parts.netloc else parts.netloc
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _host(number: int) -> str:
    return f"127.0.1.{number}"


@cache
def _bodies() -> dict[str, bytes]:
    paths = [f"/host/{h}/{p}" for p in range(PAGES_EACH) for h in range(1, HOSTS + 1)]
    bodies = {
        path: json.dumps({"rank": rank, "title": f"Page {rank}", "text": FILL}).encode()
        for rank, path in enumerate(paths, 1)
    }
    return bodies | {"/hosts": json.dumps({"pages": paths}).encode()}


SITE = SiteSpec(
    name="many-hosts",
    path="/hosts",
    kinds=(
        PageKind(pattern="/hosts", items="", fields=(), links="pages"),
        PageKind(
            pattern=_PATH.pattern,
            items="",
            fields=(Field("rank", "rank", int), Field("title", "title", str)),
            links="",
        ),
    ),
    item_type=Item,
    page_address=page_address,
    expected_items=lambda: [Item(n, f"Page {n}") for n in range(1, HOSTS * PAGES_EACH + 1)],
    expected_pages=HOSTS * PAGES_EACH + 1,
    pages=lambda: WrittenPages(_bodies(), HEADERS, page_address),
    media="json",
    hosts=tuple(_host(number) for number in range(1, HOSTS + 1)),
)
