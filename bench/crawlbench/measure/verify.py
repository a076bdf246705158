"""Finds what is wrong with a value, if anything (floor 3; pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from crawlbench.base.digest import (
    Row,
    Tally,
    as_rows,
    digest_rows,
    field_names,
    first_difference,
    first_odd_stretch,
)
from crawlbench.base.text import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.counters import Counters
    from crawlbench.base.model import SiteSpec
    from crawlbench.measure.contract import Value


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a correct crawl of a site returns."""

    rows: list[Row]
    """In order of rank: one row for each item, or for a large site the rows of its tally."""
    digest: str
    pages: int
    """Requests per crawl."""
    names: list[str]
    """Names of the values in an item's row."""
    is_tallied: bool = False
    """Whether the rows are a tally's, one for each stretch of ranks."""

    @property
    def items(self) -> int:
        """Items on all pages."""
        return sum(cast("int", row[1]) for row in self.rows) if self.is_tallied else len(self.rows)

    def edited(self, titles: Mapping[str, str]) -> Expectation:
        """Return what a right crawl of an edition returns that has other titles at some ranks."""
        if not titles or self.is_tallied:  # a tally does not show titles
            return self
        rows: list[Row] = [[row[0], titles.get(str(row[0]), row[1]), *row[2:]] for row in self.rows]
        return replace(self, rows=rows, digest=digest_rows(rows))

    def difference(self, rows: list[Row]) -> str:
        """Say where a crawl's rows first differ from these."""
        if self.is_tallied:
            return first_odd_stretch(rows, self.rows)
        return first_difference(rows, self.rows, self.names)


_tallied: dict[str, Expectation] = {}
"""Expectations of large sites, by name: summing up millions of items takes seconds."""


def expect(spec: SiteSpec) -> Expectation:
    """Return what a correct crawl of a site returns; for a large site only once per process."""
    if spec.is_large:
        if spec.name not in _tallied:
            _tallied[spec.name] = _tally(spec)
        return _tallied[spec.name]
    rows = as_rows(spec.expected_items())
    return Expectation(rows, digest_rows(rows), spec.expected_pages, field_names(spec.item_type))


def _tally(spec: SiteSpec) -> Expectation:
    tally = Tally(spec.item_type)
    tally.extend(spec.expected_items())
    names = field_names(spec.item_type)
    return Expectation(tally.as_rows(), tally.digest(), spec.expected_pages, names, True)


def is_wrong_answer(
    value: Value, expectation: Expectation, counters: Counters | None = None
) -> bool:
    """Return whether a crawl returned other items than it was served.

    Args:
        value: what the worker reported.
        expectation: what a correct crawl of the site returns.
        counters: what the mirror counted meanwhile; it may have served another edition.
    """
    if counters is None or not counters.is_altered:
        return any(digest != expectation.digest for digest in value.digests)
    # Every other crawl is served the other edition, the first one included.
    due = (expectation.edited(counters.edition).digest, expectation.digest)
    return any(digest != due[number % 2] for number, digest in enumerate(value.digests))


def explain_wrong(
    crawls: Sequence[list[Row]], expectation: Expectation, counters: Counters
) -> tuple[str, str]:
    """Return how crawls differ from what they were served, as two texts.

    The first text says how a crawl is wrong. If everything that is wrong is what an earlier crawl
    found on the same page, the second text says so instead.

    Args:
        crawls: the rows of each crawl of a value, in order.
        expectation: what a correct crawl of the site returns.
        counters: what the mirror counted meanwhile.
    """
    editions = (expectation.edited(counters.edition), expectation)
    kept = ""
    for number, rows in enumerate(crawls):
        is_other = counters.is_altered and not number % 2
        due, other = editions if is_other else reversed(editions)
        if rows == due.rows:
            continue
        # What is of neither edition is plainly wrong, and explains more than what was kept.
        if len(rows) != len(due.rows) or any(
            row not in known for row, *known in zip(rows, due.rows, other.rows, strict=True)
        ):
            return due.difference(rows), ""
        kept = kept or _tell_kept(rows, due)
    return "", kept


def _tell_kept(rows: list[Row], due: Expectation) -> str:
    row, right = next(pair for pair in zip(rows, due.rows, strict=True) if pair[0] != pair[1])
    return (
        f"rank {row[0]} has the title {row[1]!r}, which an earlier crawl found, where its page now "
        f"has {right[1]!r}: bodies or items were kept from before"
    )


def find_fault(
    value: Value, counters: Counters, expectation: Expectation, loops: int, module: str | None
) -> str | None:
    """Return why a value with the right items cannot be trusted, or None.

    Args:
        value: what the worker reported.
        counters: what the mirror counted meanwhile.
        expectation: what a correct crawl of the site returns.
        loops: crawls in the value.
        module: top-level module of the cell's event loop; None if no loop should run.
    """
    if len(value.digests) != loops:
        return f"{count_of(len(value.digests), 'crawl')} came back instead of {loops}"
    due, befell = expectation.pages * loops, sum(counters.faults.values())
    # Each fault may cost one more request: a retry, or the target of a redirect.
    if not due <= counters.requests <= due + befell:
        odd = _odd_page(counters, loops)
        return f"the mirror counted {count_of(counters.requests, 'request')} instead of {due}{odd}"
    return find_odd_loop(value, module)


def find_odd_loop(value: Value, module: str | None) -> str | None:
    """Return what ran instead of the cell's event loop, or None; arguments as for `find_fault`."""
    allowed = [module] if module else []
    if value.event_loops != allowed:
        ran = " and ".join(value.event_loops) or "no event loop"
        if module:
            return f"it ran on {ran} instead of {module}"
        return (
            f"it ran on {ran} instead of no event loop: a crawl starts none; write "
            "`async def crawl(site, concurrency)`"
        )
    return None


def _odd_page(counters: Counters, loops: int) -> str:
    """Name the first page that was not fetched once per crawl."""
    for page, count in sorted(counters.pages.items()):
        if count != loops:
            return f": {page} came {count} times in {count_of(loops, 'crawl')}"
    return ": a page was never asked for"
