"""Finds the expression of a site that makes reading a page slow (floor 3)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from crawlbench.base.children import ChildEnded, PlainChild
from crawlbench.plugins.scouts import slowness

if TYPE_CHECKING:
    from crawlbench.base.children import Message

CHILD = "crawlbench.measure.expressions"
LOAD_S = 60.0
"""Seconds that loading a site, or making its expectation, may take."""


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
                deadline = now + slowness.READ_S
            tried, since = message["tries"], now
    finally:
        child.end()
    if tried:
        spent[tried] = spent.get(tried, 0.0) + time.monotonic() - since
    return max(spent, key=spent.__getitem__, default="")


def _hear(child: PlainChild, deadline: float) -> Message | None:
    """Return the child's next message; None if none comes before the deadline."""
    try:
        return child.hear(max(0.0, deadline - time.monotonic()))
    except (TimeoutError, ChildEnded):
        return None
