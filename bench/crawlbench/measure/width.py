"""Which cells ask of a site what it cannot express (floor 3; pure but for the registry)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from crawlbench import registry
from crawlbench.errors import UsageError

if TYPE_CHECKING:
    from crawlbench.model import SiteSpec
    from crawlbench.records import Cell, Plan

__all__ = ["ALWAYS_ALLOWED", "count_most_at_once", "refuse_inexpressible"]

ALWAYS_ALLOWED: Final = 10
"""Requests in flight that no site is too small for: the suites' usual number."""


def refuse_inexpressible(plan: Plan) -> None:
    """Refuse a plan with cells that would measure something else than they say.

    Raises:
        UsageError: a site never has as many pages to ask for as are to be in flight, or is of
            another kind than its parser reads; the message names what can be had instead.
    """
    specs: dict[str, SiteSpec] = {}
    for cell in plan.cells:
        if cell.operation:
            continue
        if cell.site not in specs:
            specs[cell.site] = registry.load(registry.Kind.SITE, cell.site)
        _refuse_parser(cell, specs[cell.site])
        _refuse_concurrency(cell, specs[cell.site])


def count_most_at_once(spec: SiteSpec) -> int:
    """Return how many pages of a site can be in flight at once."""
    return spec.most_at_once() if spec.most_at_once else max(1, spec.expected_pages - 1)


def _refuse_concurrency(cell: Cell, spec: SiteSpec) -> None:
    if cell.concurrency <= ALWAYS_ALLOWED:
        return
    most = count_most_at_once(spec)
    if cell.concurrency > most + 1:
        raise UsageError(
            f"{cell.concurrency} requests in flight cannot be measured on {cell.site}: it never "
            f"has more than {most} pages to ask for at once; use --site api-json, which has 999, "
            "or a longer list, such as douban-x1000"
        )


def _refuse_parser(cell: Cell, spec: SiteSpec) -> None:
    parser = registry.load(registry.Kind.PARSER, cell.parser)
    media = getattr(sys.modules.get(parser.__module__), "MEDIA", ("html",))
    if spec.media not in media and not cell.parser.endswith(".py"):
        usable = "json, orjson, msgspec" if spec.media == "json" else "lxml, lexbor, turbohtml"
        raise UsageError(
            f"the parser {cell.parser} cannot read the site {cell.site}, whose pages are "
            f"{spec.media.upper()}; use --parser {usable} or none"
        )
