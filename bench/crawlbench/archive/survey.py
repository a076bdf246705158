"""Collects what is wrong or odd about a user's own site in one crawl (floor 4; no input or output).

A survey replaces the site's reader and continues where the reader would stop with an error, so that
one crawl shows everything that is wrong.
"""

from __future__ import annotations

import re
from dataclasses import astuple
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from lxml import etree, html

from crawlbench.archive.findings import Account, Findings, Sightings
from crawlbench.archive.pages import check_encoding
from crawlbench.base.digest import Row, digest_rows, field_names
from crawlbench.base.errors import BenchError
from crawlbench.base.model import Page
from crawlbench.base.text import count_of
from crawlbench.sites.addresses import split_origin
from crawlbench.sites.expected import FORMAT, ExpectedFile

if TYPE_CHECKING:
    from crawlbench.base.model import Buffer, Reader
    from crawlbench.sites.custom import CustomSite


class Survey:
    """The findings of one crawl; give its `read` to a strategy that reads one page at a time."""

    def __init__(self, site: CustomSite, read: Reader) -> None:
        """Begin without any findings.

        Args:
            site: the site, opened without its expectation.
            read: the site's reader.
        """
        self._site = site
        self._read = read
        self._seen = Sightings()
        self._parser = html.HTMLParser(encoding="utf-8")
        self._kinds = [
            (re.compile(kind.pattern).fullmatch, etree.XPath(kind.links) if kind.links else None)
            for kind in site.spec.kinds
        ]

    def read(self, url: str, buffer: Buffer) -> Page:
        """Read a page and note its items, links and problems; never raise an error."""
        body = bytes(buffer)
        origin, address = split_origin(url)
        encoding = self._site.reading.encoding_of(address)
        problem, at = check_encoding(encoding, body)
        if problem:
            says = problem.replace("they say", "it says")
            self._seen.unreadable[address] = (
                f"is {says}, at byte {at}; fix such pages, or leave them out of the patterns"
                if self._site.reading.declares(address)
                else f"is not {encoding} throughout, and names no encoding; write it at the top "
                f'of the site file, such as encoding = "gb18030" (byte {at} shows it)'
            )
        # Its links count even if its items cannot be read.
        links = self._follow(origin, address, body)
        try:
            page = self._read(url, body)
        except BenchError as error:
            self._seen.wrong[address] = str(error).replace(url, address)
        except (etree.LxmlError, ValueError, TypeError, AttributeError) as error:
            self._seen.wrong[address] = f"{address} cannot be read: {type(error).__name__}: {error}"
        else:
            self._seen.rows[address] = [list(astuple(item)) for item in page.items]
            return Page(page.items, links)
        # If no pattern fits, that is the reason, whatever the reader said.
        if self._kind(address) is None:
            self._seen.wrong[address] = f"no pattern of [[kinds]] fits {address}"
        # It was asked for, so it counts among the pages.
        self._seen.rows[address] = []
        return Page((), links)

    def _follow(self, origin: str, address: str, body: bytes) -> tuple[str, ...]:
        """Return the links that lead to pages, and note the others."""
        links = []
        base, hrefs = self._hrefs(address, self._site.reading.as_utf8(origin + address, body))
        for href in hrefs:
            try:
                path = self._site.reading.resolve(address, href, base)
            except ValueError:
                continue
            if not path:
                continue
            self._seen.met.add(path)
            page = self._site.spec.page_address(path)
            if page and self._kind(page):
                links.append(origin + page)
            elif page:
                self._seen.stray.setdefault(page, address)
            elif self._kind(path):  # other links are not to be followed
                self._seen.dead.setdefault(path, address)
        return tuple(links)

    def _hrefs(self, address: str, body: bytes) -> tuple[str, list[str]]:
        """Return the page's base, empty if it names none, and its links as they are written."""
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
            return "", []  # the reader reports why
        if hrefs and not any(href is not None for href in hrefs):
            self._seen.no_links[address] = str(anchors[0].tag)
        return str(bases[0]) if bases else "", [href for href in hrefs if href is not None]

    def _kind(self, address: str) -> Any:  # noqa: ANN401  (a pair of compiled things)
        return next((kind for kind in self._kinds if kind[0](address)), None)

    def finish(self, requests: int) -> Findings:
        """Return the findings.

        Args:
            requests: how many requests the mirror counted.
        """
        rows = self._ranked_rows()
        expected = ExpectedFile(
            format=FORMAT,
            fingerprint=self._site.fingerprint,
            digest=digest_rows(rows),
            items=len(rows),
            pages=len(self._seen.rows),
            fields=tuple(field_names(self._site.spec.item_type)),
            rows=rows,
        )
        account = Account(self._site, self._seen)
        faults = account.faults(rows)
        if requests != len(self._seen.rows):
            faults.append(
                f"the mirror counted {count_of(requests, 'request')} for "
                f"{count_of(len(self._seen.rows), 'page')}"
            )
        return Findings(expected, faults, account.notes(rows))

    def _ranked_rows(self) -> list[Row]:
        """Return all rows in order of rank; derived ranks follow the order of this crawl."""
        rows = [row for page in self._seen.rows.values() for row in page]
        if self._site.derives_ranks:
            places: dict[tuple[object, ...], int] = {}
            for place, row in enumerate(rows, 1):
                # With several requests in flight, nobody knows which of equal items came first.
                row[0] = places.setdefault(tuple(row[1:]), place)
        return sorted(rows, key=itemgetter(0))
