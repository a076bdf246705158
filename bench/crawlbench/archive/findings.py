"""The findings of a survey of a user's own site, as sentences (floor 4; pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawlbench.archive.aliases import propose_rules
from crawlbench.base.text import count_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from crawlbench.base.digest import Row
    from crawlbench.sites.custom import CustomSite
    from crawlbench.sites.expected import ExpectedFile

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of a survey; the sentences are ready to be shown."""

    expected: ExpectedFile
    """What a right crawl returns; only meaningful if there are no faults."""
    faults: list[str]
    """Why the site cannot be used as it is."""
    notes: list[str]
    """Observations that may or may not be intended."""


@dataclass(slots=True)
class Sightings:
    """What a survey saw, by address of the page."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    """Rows of the items on each page that was read."""
    wrong: dict[str, str] = field(default_factory=dict)
    """Why a page does not fit the site file."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Why a page cannot be decoded with the encoding that it declares."""
    no_links: dict[str, str] = field(default_factory=dict)
    """A tag that was selected as a link but leads nowhere."""
    dead: dict[str, str] = field(default_factory=dict)
    """For each link that leads to no page, the first page that has it."""
    stray: dict[str, str] = field(default_factory=dict)
    """For each link to a page of no kind, the first page that has it."""
    met: set[str] = field(default_factory=set)
    """The targets of all links, as they are written."""


class Account:
    """Turns what a survey saw into sentences."""

    def __init__(self, site: CustomSite, seen: Sightings) -> None:
        """Use what a finished survey saw."""
        self._site = site
        self._seen = seen

    def faults(self, rows: list[Row]) -> list[str]:
        """Return why the site cannot be used as it is; `rows` are all items' rows, by rank."""
        faults = []
        if self._seen.unreadable:
            page, problem = next(iter(self._seen.unreadable.items()))
            faults.append(
                f"{_count(self._seen.unreadable, 'page')} cannot be decoded: {page} {problem}"
            )
        if self._seen.wrong:
            faults.append(self._describe_wrong())
        elif not rows:  # otherwise the wrong pages explain it
            faults.append("no page has an item; fix the selector of the items")
        if twice := self._same_rank(rows):
            faults.append(twice)
        unused = self._site.file.addresses.unused({*self._spellings(), *self._seen.met})
        if unused:
            faults.append(
                f"in [addresses] {', '.join(unused)} matches no address and no link of these "
                "pages; fix it, or leave it out"
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
        first = next(iter(self._seen.wrong.values()))
        remedy = (
            "widen a pattern, or start elsewhere"
            if first.startswith("no pattern")
            else "fix the selector, give the field a default, or such pages a kind of their own"
        )
        return (
            f"{_count(self._seen.wrong, 'page')} of {len(self._seen.rows)} cannot be read as the "
            f"site file says: {first}; {remedy}"
        )

    def _same_rank(self, rows: list[Row]) -> str:
        """Return which items share a rank, and whether the cause is a page with two addresses."""
        ranks = Counter(row[0] for row in rows)
        twice = [rank for rank, count in ranks.items() if count > 1]
        if not twice or self._site.derives_ranks:  # equal items share a derived rank
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
            f"rank {twice[0]} is shared by {titles[0]!r} and {titles[1]!r}, but ranks have to be "
            "unique; fix the field, or leave it out to rank items by their place"
        )

    def _equal_pages(self) -> list[tuple[str, str]]:
        """Return pairs of addresses that have the same items."""
        first: dict[str, str] = {}
        pairs = []
        for page, rows in self._seen.rows.items():
            other = first.setdefault(repr(rows), page)
            if rows and other != page:
                pairs.append((other, page))
        return pairs

    def _spellings(self) -> list[str]:
        """Return all addresses of all pages, as in the manifest."""
        pages = self._site.manifest.pages
        return [address for page in pages for address in (page.address, *page.aliases)]

    def notes(self, rows: list[Row]) -> list[str]:
        """Return observations that may or may not be intended."""
        notes = []
        if self._site.addresses.merged:
            pairs = [f"{one} and {other}" for one, other in self._site.addresses.merged]
            notes.append(f"two addresses are one page by the rules: {_examples(pairs)}")
        notes += self._equal_bodies()
        alike = len(rows) - len({row[0] for row in rows})
        if alike and self._site.derives_ranks:
            notes.append(
                f"{alike} of {len(rows)} items equal another one in all fields and share its rank; "
                "one more field would tell them apart"
            )
        if self._seen.dead:
            links = [f"{link} (from {page})" for link, page in self._seen.dead.items()]
            notes.append(
                f"{_count(links, 'link')} to pages that are not here, so not followed: "
                f"{_examples(links)}{self._hint_at_queries()}"
            )
        if self._seen.stray:
            links = [f"{link} (from {page})" for link, page in self._seen.stray.items()]
            notes.append(
                f"{_count(links, 'link')} to pages that no pattern of [[kinds]] fits, so not "
                f"followed: {_examples(links)}"
            )
        if self._seen.no_links:
            page, tag = next(iter(self._seen.no_links.items()))
            notes.append(
                f"on {_count(self._seen.no_links, 'page')} the selector of links finds no a with "
                f"an href, such as {tag} on {page}; select the a elements"
            )
        unreached = sorted(self._site.addresses.known - set(self._seen.rows))
        if unreached:
            notes.append(
                f"{_count(unreached, 'page')} that no link leads to: {_examples(unreached)}"
            )
        return notes

    def _hint_at_queries(self) -> str:
        """Return a hint for links with a query if the folder has the page without one."""
        known = self._site.addresses.known
        for link in self._seen.dead:
            path, mark, query = link.partition("?")
            if mark and path in known:
                name = query.partition("=")[0]
                return (
                    f"; {path} is here: if its query says nothing, write in [addresses]: "
                    f'drop_parameters = ["{name}"]'
                )
        return ""

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
        what = f"write in [addresses]: {rules}" if rules else "add a rule to [addresses]"
        return [
            f"{_count(pairs, 'pair')} of addresses with the same body, perhaps one page: "
            f"{_examples([f'{one} and {other}' for one, other in pairs])}; if so, {what}"
        ]


def _count(things: Collection[object], noun: str) -> str:
    return count_of(len(things), noun)


def _examples(texts: list[str]) -> str:
    shown = ", ".join(text[:120] for text in texts[:_EXAMPLES])
    return shown + (" ..." if len(texts) > _EXAMPLES else "")
