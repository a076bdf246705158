"""Hears a process that reads a site's pages, and finds the expression that makes it slow (floor 3).

The process names each page before it reads it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from crawlbench.base.children import ChildEnded, PlainChild
from crawlbench.base.errors import BrokenPluginError
from crawlbench.plugins.scouts import slowness

if TYPE_CHECKING:
    from crawlbench.base.children import Message

CHILD = "crawlbench.measure.expressions"
LOAD_S = 60.0
"""Seconds that loading a site, or making its expectation, may take."""


def hear_answer(child: PlainChild, site: str, late: str) -> Message:
    """Return what a process says about a site once it has read the pages that it names before.

    Args:
        child: the process, which was asked.
        site: the site, as on the command line.
        late: what has happened, or has not, if it neither answers nor names a page.

    Raises:
        BrokenPluginError: the answer or a page takes too long.
        ChildEnded: the process has ended.
    """
    page = ""
    try:
        while "page" in (told := child.hear(slowness.READ_S if page else LOAD_S)):
            page = told["page"]
    except TimeoutError:
        if page:
            raise slowness.too_slow(site, page, find_culprit(site, page)) from None
        raise BrokenPluginError(f"site {site!r} {late} within {LOAD_S:g} s; fix it") from None
    return told


def find_culprit(site: str, page: str) -> str:
    """Return the expression that takes the most time on a page; empty if none can be tried.

    This may take as long again as reading a page is allowed to take.

    Args:
        site: the site, as on the command line.
        page: the page's address, without its origin.
    """
    child = PlainChild(CHILD)
    spent: dict[str, float] = {}
    tried = ""
    try:
        child.say({"site": site, "page": page})
        since = time.monotonic()
        deadline = since + LOAD_S
        while (message := _hear(child, deadline)) and "tries" in message:
            now = time.monotonic()
            if tried:
                spent[tried] = spent.get(tried, 0.0) + now - since
            else:
                deadline = now + slowness.READ_S  # loading is over: from now on the page counts
            tried, since = message["tries"], now
    finally:
        child.end()
    # Nothing follows the expression at which it stopped, which has had all the time since.
    if tried:
        spent[tried] = spent.get(tried, 0.0) + time.monotonic() - since
    return max(spent, key=spent.__getitem__, default="")


def _hear(child: PlainChild, deadline: float) -> Message | None:
    """Return the child's next message; None if none comes before the deadline."""
    try:
        return child.hear(max(0.0, deadline - time.monotonic()))
    except (TimeoutError, ChildEnded):
        return None
