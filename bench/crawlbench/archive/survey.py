"""What a crawl of a user's own site finds, and what is odd about it (floor 3; no input or output).

A survey reads pages in place of the site's reader and goes on where that would give up, so that
one crawl shows all that is wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import astuple, dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml import etree, html

from crawlbench.digest import Row, digest_rows, field_names
from crawlbench.errors import BenchError
from crawlbench.model import Page
from crawlbench.sites.addresses import split_origin
from crawlbench.sites.expected import FORMAT, Expected

if TYPE_CHECKING:
    from collections.abc import Collection

    from crawlbench.model import Buffer, Reader
    from crawlbench.sites.custom import CustomSite

__all__ = ["Findings", "Survey"]

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of a survey; sentences are ready to be shown."""

    expected: Expected
    """What a right crawl returns, if nothing is wrong."""
    faults: list[str]
    """Why the site cannot be used as it is."""
    notes: list[str]
    """What may or may not be meant."""


class Survey:
    """One crawl's findings; its `read` is given to a strategy that works one page after another."""

    def __init__(self, site: CustomSite, read: Reader) -> None:
        """Begin.

        Args:
            site: opened without its expectation.
            read: the site's reader.
        """
        self._site = site
        self._read = read
        self._rows: dict[str, list[Row]] = {}
        self._wrong: dict[str, str] = {}
        self._dead: dict[str, str] = {}
        self._parser = html.HTMLParser(encoding=site.spec.encoding)
        self._kinds = [
            (re.compile(kind.pattern).fullmatch, etree.XPath(kind.links) if kind.links else None)
            for kind in site.spec.kinds
        ]

    def read(self, url: str, body: Buffer) -> Page:
        """Read a page, note what it holds, and do not fail whatever it is."""
        origin, address = split_origin(url)
        links = self._follow(origin, address, bytes(body))
        try:
            page = self._read(url, body)
        except BenchError as error:
            self._wrong[address] = str(error).replace(url, address)
        except (etree.LxmlError, ValueError, TypeError, AttributeError) as error:
            self._wrong[address] = f"{address} cannot be read: {type(error).__name__}: {error}"
        else:
            self._rows[address] = [list(astuple(item)) for item in page.items]
            return Page(page.items, links)
        self._rows[address] = []
        return Page((), links)

    def _follow(self, origin: str, address: str, body: bytes) -> tuple[str, ...]:
        """Return the links to pages, and note those that lead to none."""
        links = []
        for href in self._hrefs(address, body):
            try:
                other, path = split_origin(urljoin(origin + address, href))
            except ValueError:
                continue
            if other != origin:
                continue
            page = self._site.spec.page_address(path)
            if page and self._kind(page):
                links.append(origin + page)
            elif not page and self._kind(path.partition("#")[0]):
                self._dead.setdefault(path.partition("#")[0], address)
        return tuple(links)

    def _hrefs(self, address: str, body: bytes) -> list[str]:
        kind = self._kind(address)
        find_links = kind[1] if kind else None
        if find_links is None:
            return []
        try:
            anchors: Any = find_links(html.document_fromstring(body, parser=self._parser))
            return [anchor.get("href", "") for anchor in anchors]
        except (etree.LxmlError, ValueError, AttributeError):
            return []  # the reader says why

    def _kind(self, address: str) -> Any:  # noqa: ANN401  (a pair of compiled things)
        return next((kind for kind in self._kinds if kind[0](address)), None)

    def finish(self, requests: int) -> Findings:
        """Return what was found.

        Args:
            requests: that the mirror counted.
        """
        rows = self._ranked_rows()
        expected = Expected(
            format=FORMAT,
            fingerprint=self._site.fingerprint,
            digest=digest_rows(rows),
            items=len(rows),
            pages=len(self._rows),
            fields=tuple(field_names(self._site.spec.item_type)),
            rows=rows,
        )
        faults = [*self._faults(rows)]
        if requests != len(self._rows):
            faults.append(f"the mirror counted {requests} requests for {len(self._rows)} pages")
        return Findings(expected, faults, self._notes(rows))

    def _ranked_rows(self) -> list[Row]:
        """Return all rows in order of rank; derived ranks are places in the order of this crawl."""
        rows = [row for page in self._rows.values() for row in page]
        if self._site.derives_ranks:
            places: dict[tuple[object, ...], int] = {}
            for place, row in enumerate(rows, 1):
                row[0] = places.setdefault(tuple(row[1:]), place)
        return sorted(rows, key=itemgetter(0))

    def _faults(self, rows: list[Row]) -> list[str]:
        faults = []
        if self._wrong:
            first = next(iter(self._wrong.values()))
            faults.append(
                f"{_count(self._wrong, 'page')} of {len(self._rows)} cannot be read as the site "
                f"file says: {first}; mend the selector, or give such pages a kind of their own"
            )
        elif not rows:
            faults.append("no page has an item; mend the selector of the items")
        ranks = Counter(row[0] for row in rows)
        twice = [rank for rank, count in ranks.items() if count > 1]
        if twice and not self._site.derives_ranks:
            titles = [str(row[1]) for row in rows if row[0] == twice[0]]
            faults.append(
                f"rank {twice[0]} is that of {titles[0]!r} and of {titles[1]!r}: ranks have to be "
                "unique; mend the field, or leave it out and ranks are given by place"
            )
        if self._site.addresses.clashes:
            one, other = self._site.addresses.clashes[0]
            faults.append(
                f"{_count(self._site.addresses.clashes, 'pair')} of pages with different bodies "
                f"become one page by the rules of [addresses], such as {one} and {other}; "
                "make the rules narrower"
            )
        return faults

    def _notes(self, rows: list[Row]) -> list[str]:
        notes = []
        if self._site.addresses.merged:
            pairs = [f"{one} and {other}" for one, other in self._site.addresses.merged]
            notes.append(f"two addresses are one page by the rules: {_examples(pairs)}")
        notes += self._equal_bodies()
        alike = len(rows) - len({row[0] for row in rows})
        if alike and self._site.derives_ranks:
            notes.append(
                f"{alike} of {len(rows)} items are like another in all fields, and share its rank; "
                "one more field would tell them apart"
            )
        if self._dead:
            links = [f"{link} (from {page})" for link, page in self._dead.items()]
            notes.append(
                f"{_count(links, 'link')} to pages that are not here, so not followed: "
                f"{_examples(links)}"
            )
        unreached = sorted(self._site.addresses.known - set(self._rows))
        if unreached:
            notes.append(
                f"{_count(unreached, 'page')} that no link leads to: {_examples(unreached)}"
            )
        return notes

    def _equal_bodies(self) -> list[str]:
        first: dict[str, str] = {}
        pairs = []
        for page in self._site.manifest.pages:
            spelled = self._site.spec.page_address(page.address)
            other = first.setdefault(page.sha256, spelled)
            if other != spelled:
                pairs.append(f"{other} and {spelled}")
        if not pairs:
            return []
        return [
            f"{_count(pairs, 'pair')} of addresses with the same body, perhaps one page: "
            f"{_examples(pairs)}; if so, say it in [addresses]"
        ]


def _count(things: Collection[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _examples(texts: list[str]) -> str:
    shown = ", ".join(text[:120] for text in texts[:_EXAMPLES])
    return shown + (" ..." if len(texts) > _EXAMPLES else "")
