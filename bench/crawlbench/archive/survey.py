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

from lxml import etree, html

from crawlbench.archive.aliases import propose_rules
from crawlbench.archive.pages import check_encoding
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
        self._stray: dict[str, str] = {}
        self._no_links: dict[str, str] = {}
        self._unreadable: dict[str, str] = {}
        self._met: set[str] = set()
        self._parser = html.HTMLParser(encoding="utf-8")
        self._kinds = [
            (re.compile(kind.pattern).fullmatch, etree.XPath(kind.links) if kind.links else None)
            for kind in site.spec.kinds
        ]

    def read(self, url: str, buffer: Buffer) -> Page:
        """Read a page, note what it holds, and do not fail whatever it is."""
        body = bytes(buffer)
        origin, address = split_origin(url)
        encoding = self._site.reading.encoding_of(address)
        if problem := check_encoding(encoding, body):
            self._unreadable[address] = problem
        links = self._follow(origin, address, body)
        try:
            page = self._read(url, body)
        except BenchError as error:
            self._wrong[address] = str(error).replace(url, address)
        except (etree.LxmlError, ValueError, TypeError, AttributeError) as error:
            self._wrong[address] = f"{address} cannot be read: {type(error).__name__}: {error}"
        else:
            self._rows[address] = [list(astuple(item)) for item in page.items]
            return Page(page.items, links)
        if self._kind(address) is None:
            self._wrong[address] = f"no pattern of [[kinds]] fits {address}"
        self._rows[address] = []
        return Page((), links)

    def _follow(self, origin: str, address: str, body: bytes) -> tuple[str, ...]:
        """Return the links to pages, and note those that lead to none."""
        links = []
        base, hrefs = self._hrefs(address, self._site.reading.as_utf8(origin + address, body))
        for href in hrefs:
            try:
                path = self._site.reading.resolve(address, href, base)
            except ValueError:
                continue
            if not path:
                continue
            self._met.add(path)
            page = self._site.spec.page_address(path)
            if page and self._kind(page):
                links.append(origin + page)
            elif page:
                self._stray.setdefault(page, address)
            elif self._kind(path):
                self._dead.setdefault(path, address)
        return tuple(links)

    def _hrefs(self, address: str, body: bytes) -> tuple[str, list[str]]:
        """Return the page's base, if it names one, and its links as they stand there."""
        kind = self._kind(address)
        find_links = kind[1] if kind else None
        if find_links is None:
            return "", []
        try:
            document = html.document_fromstring(body, parser=self._parser)
            anchors: Any = find_links(document)
            hrefs = [anchor.get("href") for anchor in anchors]
            bases: Any = document.xpath("//base/@href")
        except (etree.LxmlError, ValueError, AttributeError):
            return "", []  # the reader says why
        if hrefs and not any(href is not None for href in hrefs):
            self._no_links[address] = str(anchors[0].tag)
        return str(bases[0]) if bases else "", [href for href in hrefs if href is not None]

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
        if self._unreadable:
            page, problem = next(iter(self._unreadable.items()))
            faults.append(
                f"{_count(self._unreadable, 'page')} cannot be decoded: {page} is {problem}; "
                "say in the site file what such pages are in (encoding), or mend the pages"
            )
        if self._wrong:
            faults.append(self._describe_wrong())
        elif not rows:
            faults.append("no page has an item; mend the selector of the items")
        if twice := self._same_rank(rows):
            faults.append(twice)
        unused = self._site.file.addresses.unused({*self._spellings(), *self._met})
        if unused:
            faults.append(
                f"in [addresses] {', '.join(unused)} matches no address and no link of these "
                "pages; mend it, or leave it out"
            )
        if self._site.addresses.clashes:
            one, other = self._site.addresses.clashes[0]
            faults.append(
                f"{_count(self._site.addresses.clashes, 'pair')} of pages with different bodies "
                f"become one page by the rules of [addresses], such as {one} and {other}; "
                "make the rules narrower"
            )
        return faults

    def _describe_wrong(self) -> str:
        first = next(iter(self._wrong.values()))
        remedy = (
            "widen a pattern, or start elsewhere"
            if first.startswith("no pattern")
            else "mend the selector, give the field a default, or such pages a kind of their own"
        )
        return (
            f"{_count(self._wrong, 'page')} of {len(self._rows)} cannot be read as the site "
            f"file says: {first}; {remedy}"
        )

    def _same_rank(self, rows: list[Row]) -> str:
        """Say which two items have one rank, and whether two addresses of one page are why."""
        ranks = Counter(row[0] for row in rows)
        twice = [rank for rank, count in ranks.items() if count > 1]
        if not twice or self._site.derives_ranks:
            return ""
        pairs = self._equal_pages()
        if pairs and (rules := propose_rules(pairs, self._site.file.addresses)):
            one, other = pairs[0]
            return (
                f"rank {twice[0]} comes twice, as {one} and {other} hold the same items; if they "
                f"are one page, write in [addresses]: {rules}"
            )
        titles = [str(row[1]) for row in rows if row[0] == twice[0]]
        return (
            f"rank {twice[0]} is that of {titles[0]!r} and of {titles[1]!r}: ranks have to be "
            "unique; mend the field, or leave it out and ranks are given by place"
        )

    def _equal_pages(self) -> list[tuple[str, str]]:
        """Return pairs of addresses at which the same items are."""
        first: dict[str, str] = {}
        pairs = []
        for page, rows in self._rows.items():
            other = first.setdefault(repr(rows), page)
            if rows and other != page:
                pairs.append((other, page))
        return pairs

    def _spellings(self) -> list[str]:
        """Return all addresses of all pages, as they are in the manifest."""
        pages = self._site.manifest.pages
        return [address for page in pages for address in (page.address, *page.aliases)]

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
        if self._stray:
            links = [f"{link} (from {page})" for link, page in self._stray.items()]
            notes.append(
                f"{_count(links, 'link')} to pages that no pattern of [[kinds]] fits, so not "
                f"followed: {_examples(links)}"
            )
        if self._no_links:
            page, tag = next(iter(self._no_links.items()))
            notes.append(
                f"on {_count(self._no_links, 'page')} the selector of links finds no a with an "
                f"href, such as {tag} on {page}; select the a elements"
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
                pairs.append((other, spelled))
        if not pairs:
            return []
        rules = propose_rules(pairs, self._site.file.addresses)
        what = f"write in [addresses]: {rules}" if rules else "say it in [addresses]"
        return [
            f"{_count(pairs, 'pair')} of addresses with the same body, perhaps one page: "
            f"{_examples([f'{one} and {other}' for one, other in pairs])}; if so, {what}"
        ]


def _count(things: Collection[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _examples(texts: list[str]) -> str:
    shown = ", ".join(text[:120] for text in texts[:_EXAMPLES])
    return shown + (" ..." if len(texts) > _EXAMPLES else "")
