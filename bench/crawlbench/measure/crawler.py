"""Crawls once in a process of its own: `python -m crawlbench.measure.crawler JOB` (floor 3).

It reports when everything is loaded, then passes on ranks and titles, and finally how they differ
from the site. Since the process is its own, nothing that a strategy does to it affects others.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import astuple
from inspect import isasyncgenfunction, isgeneratorfunction
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit

from crawlbench.base.children import end_with_parent, open_channel, tell_error
from crawlbench.base.digest import Tally, as_rows, refuse_item
from crawlbench.base.errors import BenchError, CellError, UsageError
from crawlbench.base.model import Item
from crawlbench.base.text import count_of
from crawlbench.measure.crawling import keep_crawls, make_site
from crawlbench.measure.verify import expect
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.base.children import Say
    from crawlbench.base.model import SiteSpec

BATCH = 500
"""Items per message."""


class CrawlJob(TypedDict):
    """What to crawl; passed on the command line as JSON."""

    site: str
    parser: str
    strategy: str
    event_loop: str
    url: str | None
    """Where the site is, if the mirror does not serve it."""
    origin: str
    """The mirror's origin; empty without a mirror."""
    ca_file: str | None
    concurrency: int


def main() -> None:
    """Do the `CrawlJob` that the command line contains as JSON."""
    end_with_parent()
    say = open_channel()
    end = os._exit  # bound before anybody can patch it
    try:
        _crawl(json.loads(sys.argv[1]), say)
    except BenchError as error:
        tell_error(say, str(error), type(error))
    except BaseException as error:
        tell_error(say, f"the crawl failed: {type(error).__name__}: {error}", CellError)
    end(0)  # we do not wait for threads that a strategy left behind


def _crawl(job: CrawlJob, say: Say) -> None:
    spec: SiteSpec = registry.load(registry.Kind.SITE, job["site"])
    read = registry.load(registry.Kind.PARSER, job["parser"])(spec)
    crawl = registry.load(registry.Kind.STRATEGY, job["strategy"])
    factory = None
    if registry.needs_loop(crawl):
        factory = registry.load(registry.Kind.EVENT_LOOP, job["event_loop"])
    start = _start(spec, job["url"]) if job["url"] else job["origin"] + spec.path
    site = make_site(spec, start, read, job["ca_file"])
    say({"ready": True})
    handed = _Handed(say, spec, is_live=isgeneratorfunction(crawl) or isasyncgenfunction(crawl))
    try:
        keep_crawls(crawl, site, job["concurrency"], 1, factory, lambda: handed)
    except BenchError:
        raise
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise CellError(f"{job['strategy']} failed: {said}") from error
    handed.finish()
    say({"odd": handed.difference(is_played=not job["url"])})


def _start(spec: SiteSpec, url: str) -> str:
    """Return the address of a site's first page at this URL, which may be only an origin."""
    path = urlsplit(url).path
    start = spec.page_address(url if path.strip("/") else url.rstrip("/") + spec.path)
    if not start:
        raise UsageError(f"--url {url!r} is not a page of {spec.name}; its first is {spec.path}")
    return start


class _Handed:
    """A `Keeper` that passes items on, and counts them."""

    def __init__(self, say: Say, spec: SiteSpec, *, is_live: bool) -> None:
        """Pass items on as they come if `is_live`, or else sorted by rank at the end."""
        self._say = say
        self._spec = spec
        self._is_live = is_live
        self._tally = Tally(spec.item_type) if spec.is_large else None
        self._items: list[Item] = []
        self._different: set[int] = set()
        self._count = 0

    def append(self, item: Item) -> None:
        self.extend([item])

    def extend(self, items: Iterable[Item]) -> None:
        for item in items:
            if not isinstance(item, Item):
                raise TypeError(refuse_item(item))
            self._count += 1
            self._different.add(hash(astuple(item)))
            if self._tally is not None:
                self._tally.append(item)
            if self._is_live:
                self._say({"items": [(item.rank, item.title)]})
                if self._tally is not None:
                    continue  # a large site has too many items to keep
            self._items.append(item)

    def finish(self) -> None:
        """Pass on what was held back to be sorted."""
        if not self._is_live:
            rows = [(row[0], row[1]) for row in as_rows(self._items)]
            for first in range(0, len(rows), BATCH):
                self._say({"items": rows[first : first + BATCH]})

    def difference(self, *, is_played: bool) -> str:
        """Return how the items differ from the site's, or an empty text.

        Args:
            is_played: whether the mirror served the site; from elsewhere only the numbers must
                match.
        """
        came = f"{count_of(self._count, 'item')} came, {len(self._different)} of them distinct"
        try:
            due = expect(self._spec)
        except UsageError:  # an unverified site: nobody knows its items
            return "" if self._count else "no item came"
        if self._tally is not None:
            rows = self._tally.as_rows()
            return "" if rows == due.rows else f"{came}; {due.difference(rows)}"
        rows = as_rows(self._items)
        numbers = len(due.rows), len({hash(tuple(row)) for row in due.rows})
        if (self._count, len(self._different)) != numbers:
            return f"{came}; the site has {numbers[0]}"
        if is_played and rows != due.rows:
            return f"{came}; {due.difference(rows)}"
        return ""


if __name__ == "__main__":
    main()
