"""Finds what is wrong with a value, if anything (floor 3; pure)."""

from __future__ import annotations

from dataclasses import dataclass
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
    from crawlbench.base.counters import Counters
    from crawlbench.base.model import SiteSpec
    from crawlbench.measure.contract import Value

__all__ = ["Expectation", "expect", "find_fault", "find_odd_loop", "is_wrong_answer"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a correct crawl of a site returns."""

    rows: list[Row]
    """In order of rank: of the items, or for a large site of its tally."""
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

    def difference(self, rows: list[Row]) -> str:
        """Say where a crawl's rows first differ from these."""
        if self.is_tallied:
            return first_odd_stretch(rows, self.rows)
        return first_difference(rows, self.rows, self.names)


_tallied: dict[str, Expectation] = {}
"""Those of large sites, by name: summing up millions of items takes seconds."""


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


def is_wrong_answer(value: Value, expectation: Expectation) -> bool:
    """Return whether a crawl returned other items than the site's."""
    return any(digest != expectation.digest for digest in value.digests)


def find_fault(
    value: Value, counters: Counters, expectation: Expectation, loops: int, module: str | None
) -> str | None:
    """Return why a value with the right items cannot be trusted, or None.

    Args:
        value: what the worker reported.
        counters: what the mirror counted meanwhile.
        expectation: of the site.
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
        return f"it ran on {ran} instead of {module or 'no event loop'}"
    return None


def _odd_page(counters: Counters, loops: int) -> str:
    """Name the first page that was not fetched once per crawl."""
    for page, count in sorted(counters.pages.items()):
        if count != loops:
            return f": {page} came {count} times in {count_of(loops, 'crawl')}"
    return ": a page was never asked for"
