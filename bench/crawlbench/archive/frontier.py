"""The state of a recording: what it has and what comes next (floor 4; no input or output)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from crawlbench.archive.importing import ImportReport
from crawlbench.archive.journal import Begun, Fetched, Left, Moved, Step, Waits
from crawlbench.archive.pages import MAX_REDIRECTS, find_aliases

if TYPE_CHECKING:
    from crawlbench.archive.links import LinkFinder
    from crawlbench.sites.manifest import ManifestPage

FORBIDDEN = "forbidden by robots.txt"
"""The reason for skipping an address without a request."""


class Frontier:
    """The result of all steps, which is the same when a recording is stopped and continued."""

    def __init__(self, finder: LinkFinder) -> None:
        """Begin before the first step."""
        self.start = ""
        """Empty until a recording begins."""
        self.pages: list[ManifestPage] = []
        self.report = ImportReport()
        self.waits_until = 0.0
        """The time, in seconds since 1970, before which the server wants no request."""
        self.requests = 0
        self._finder = finder
        self._queue: deque[str] = deque()
        self._paths: dict[str, str] = {}
        """How to ask for each address that was met: as its link has it."""
        self._tried: dict[str, list[str]] = {}
        """Paths that redirect to another spelling of the same address."""
        self._done: set[str] = set()
        self._redirects: dict[str, str] = {}

    def take(self, step: Step) -> None:
        """Add one step."""
        match step:
            case Begun(start=start):
                self.start = self.report.start = start
                self._meet(self._finder.same_host(start, ""))
            case Fetched(page=page):
                self._fetched(step)
                self._done.add(page.address)
            case Moved(address=address, target=target):
                self._moved(address, target)
            case Left(address=address, reason=reason):
                self.report.skips.add(reason, address)
                self._done.add(address)
            case Waits(until=until):
                self.waits_until = until
        is_forbidden = isinstance(step, Left) and step.reason == FORBIDDEN
        # What robots.txt forbids was not asked for.
        self.requests += not (isinstance(step, Begun) or is_forbidden)

    def _fetched(self, step: Fetched) -> None:
        self.pages.append(step.page)
        page = step.page
        self.report.add_page(
            page.address, page.body_bytes, step.encoding, (step.problem, step.problem_at)
        )
        self.report.rewritten += step.rewritten
        for link in step.links:
            self._meet(link)

    def _moved(self, address: str, target: str) -> None:
        if self._finder.spell(target) == address:
            # It stays first in the queue, to be asked for in the server's spelling.
            self._tried.setdefault(address, []).append(self._paths[address])
            self._paths[address] = target
            return
        self._redirects[address] = self._finder.spell(target)
        self._done.add(address)
        self._meet(target)

    def _meet(self, path: str) -> None:
        address = self._finder.spell(path)
        if address not in self._paths:
            self._paths[address] = path
            self._queue.append(address)

    def path(self, address: str) -> str:
        """Return the path with which to ask for an address that was met."""
        return self._paths[address]

    def has_tried(self, address: str, path: str) -> bool:
        """Return whether asking for an address in this way as well would lead round in a circle."""
        tried = self._tried.get(address, [])
        return path == self._paths[address] or path in tried or len(tried) == MAX_REDIRECTS

    def next(self) -> str | None:
        """Return the oldest address that is still to be fetched, or None."""
        # An address leaves the queue when it is done: a recording may stop while it is fetched.
        while self._queue and self._queue[0] in self._done:
            self._queue.popleft()
        return self._queue[0] if self._queue else None

    def aliases(self) -> dict[str, list[str]]:
        """Return the addresses that redirect to each page, also by way of others."""
        have = {page.address for page in self.pages}
        aliases = find_aliases(self._redirects, have, self.report.skips)
        self.report.aliases = sum(map(len, aliases.values()))
        return aliases
