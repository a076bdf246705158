"""Refuses cells that ask a site for what it cannot offer (floor 3; pure but for the registry)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from crawlbench.base.errors import NotInstalledError, UsageError
from crawlbench.measure.sitefacts import count_most_at_once, find_site
from crawlbench.plugins import registry
from crawlbench.plugins.origin import is_ours

if TYPE_CHECKING:
    from crawlbench.base.model import SiteSpec
    from crawlbench.base.records import Cell, Plan

ALWAYS_ALLOWED: Final = 10  # what suites ask for, however small the site
WIDEST_SITE, WIDEST = "api-json", 999
"""A site, and how many requests it can have in flight; suites usually ask for far fewer."""


def refuse_inexpressible(plan: Plan) -> None:
    """Refuse a plan with cells that would measure something other than they say.

    Raises:
        UsageError: a site never has as many pages to ask for as should be in flight, or its pages
            are not of the kind that its parser reads; the message names what is possible instead.
    """
    shapes: dict[str, tuple[str, int]] = {}
    for cell in plan.cells:
        if cell.operation:
            continue
        if cell.site not in shapes:
            shapes[cell.site] = _shape(plan.path_of(cell.site))
        media, most = shapes[cell.site]
        _refuse_parser(cell, media)
        _refuse_concurrency(cell, most)


def widest(site: str) -> int:
    """Return the most requests in flight that a site can be asked for."""
    return max(ALWAYS_ALLOWED, _shape(site)[1] + 1)


def _shape(site: str) -> tuple[str, int]:
    """Return the kind of a site's pages, and how many can be in flight at once."""
    if is_ours(site):
        spec: SiteSpec = registry.load(registry.Kind.SITE, site)
        return spec.media, count_most_at_once(spec)
    facts = find_site(site, expects=False)
    return facts.media, facts.most_at_once


def _refuse_concurrency(cell: Cell, most: int) -> None:
    if cell.concurrency <= ALWAYS_ALLOWED:
        return
    if cell.concurrency > most + 1:
        is_enough = cell.concurrency <= WIDEST + 1 and cell.site != WIDEST_SITE
        wider = f", or --site {WIDEST_SITE}, which has {WIDEST}" if is_enough else ""
        raise UsageError(
            f"{cell.concurrency} requests in flight cannot be measured on {cell.site}: it never "
            f"has more than {most} pages to ask for at once; use {most + 1} or fewer{wider}"
        )


def _refuse_parser(cell: Cell, kind: str) -> None:
    if cell.parser.endswith(".py"):  # a user's own, which nobody imports here
        return
    try:
        parser = registry.load(registry.Kind.PARSER, cell.parser)
    except NotInstalledError:  # only in the environments, where it is used
        return
    media = getattr(sys.modules.get(parser.__module__), "MEDIA", ("html",))
    if kind not in media:
        usable = "json, orjson, msgspec" if kind == "json" else "lxml, lexbor, turbohtml"
        raise UsageError(
            f"the parser {cell.parser} cannot read the site {cell.site}, whose pages are "
            f"{kind.upper()}; use --parser {usable} or none"
        )
