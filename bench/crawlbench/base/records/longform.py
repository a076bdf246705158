"""The longer sites that a group's cells crawl besides their own (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass

from crawlbench.base.records.ranges import Count, Number  # noqa: TC001  (msgspec reads them)


@dataclass(frozen=True, slots=True)
class LongForm:
    """The longer site that a group's cells crawl in the same laps, to show what a page costs."""

    site: str
    pages: Number
    """Requests that a correct crawl of it makes."""
    short_pages: Number
    """The same for the group's own site, which has fewer."""
    middle: str = ""
    """A site of a length between the two, which tests whether they lie on a line; empty for
    none."""
    middle_pages: Count = 0

    @property
    def more_pages(self) -> int:
        """Pages that it has beyond those of the group's own site."""
        return self.pages - self.short_pages

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites besides the group's own, the longest last."""
        return (self.middle, self.site) if self.middle else (self.site,)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Pages of all sites, the group's own first."""
        middle = (self.middle_pages,) if self.middle else ()
        return (self.short_pages, *middle, self.pages)

    @property
    def ends(self) -> tuple[int, str, int]:
        """What two sessions must share to be compared per page; the middle site is only a test."""
        return self.short_pages, self.site, self.pages

    @property
    def until_middle(self) -> LongForm:
        """The form that ends at the middle site."""
        return LongForm(self.middle, self.middle_pages, self.short_pages)
