"""The longer sites that cells crawl besides their own, to show what a page costs (floor 3)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.records import LongForm
from crawlbench.measure.labels import is_file
from crawlbench.mirror.networks import NETWORKS, find_network
from crawlbench.plugins import registry
from crawlbench.plugins.origin import is_ours
from crawlbench.stats.limit import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawlbench.base.model import SiteSpec
    from crawlbench.base.records import Cell, Plan

NONE = "none"


def read_long_forms(asked: Sequence[str] | None) -> dict[str, str] | None:
    """Return long forms as a suite has them; None if none were given.

    Args:
        asked: `GLOB=SITE` or `GLOB=MIDDLE,SITE` each, or only `none`.

    Raises:
        UsageError: one is neither.
    """
    if not asked:
        return None
    if list(asked) == [NONE]:
        return {}
    forms = {}
    for text in asked:
        glob, equals, site = text.rpartition("=")
        if not (glob and equals and site):
            raise UsageError(
                f"--long-form {text!r} names no longer site; write SITE/NETWORK=LONGER, such as "
                f"douban-top250/*=douban-x100, or {NONE} alone for one length"
            )
        forms[glob] = site
    return forms


def require_places(asked: Mapping[str, str] | None, plan: Plan) -> None:
    """Refuse long forms that a user asked for and that no cell has.

    What a suite says of sites that were not chosen is no mistake, but what was typed should count.

    Args:
        asked: long forms by glob of site and network, as `read_long_forms` returns them.
        plan: what is to be measured.

    Raises:
        UsageError: a glob fits nothing, or only sites of a user's own.
    """
    crawls = [cell for cell in plan.own_cells if not cell.operation]
    for glob in asked or ():
        fits = [cell for cell in crawls if fnmatchcase(cell.place, glob)]
        if not fits:
            raise _fits_nothing(glob, crawls)
        if not any(is_ours(cell.site) for cell in fits):
            raise UsageError(
                f"the long form for {glob!r} fits only {fits[0].site}, a site of your own, of "
                "which no longer form is known; leave it out"
            )


def find_long_forms(cells: Iterable[Cell], wanted: Mapping[str, str]) -> dict[str, LongForm]:
    """Return, by group, what its cells crawl besides their own site.

    Args:
        cells: the cells of a plan.
        wanted: site and network as a glob, such as `douban-top250/wan*`, to the longer site, or to
            a middle site and the longer one, separated by a comma; the last glob that fits a cell
            counts.

    Raises:
        UsageError: the site is not longer, or is a user's own, or there are too many; or a glob
            can fit nothing, whatever is chosen.
    """
    cells = [cell for cell in cells if not cell.operation]
    for glob in wanted if cells else ():
        if not any(fnmatchcase(cell.place, glob) for cell in cells):
            _require_possible(glob, cells)
    forms: dict[str, LongForm] = {}
    for cell in cells:
        if cell.group not in forms:
            fits = [site for glob, site in wanted.items() if fnmatchcase(cell.place, glob)]
            if fits and is_ours(cell.site):  # of a user's own site no longer form is known
                forms[cell.group] = _find_form(cell.site, fits[-1])
    return forms


def _fits_nothing(glob: str, crawls: Iterable[Cell]) -> UsageError:
    places = ", ".join(dict.fromkeys(cell.place for cell in crawls)) or "no sites at all"
    return UsageError(
        f"the long form for {glob!r} fits no site and network of this session; it has {places}"
    )


def _require_possible(glob: str, crawls: Iterable[Cell]) -> None:
    """Refuse a glob of site and network that none can fit, such as one with a misspelled name."""
    kind = registry.Kind.SITE
    sites = [*registry.names(kind), *registry.families(kind)]
    if any(fnmatchcase(f"{site}/{network}", glob) for site in sites for network in NETWORKS):
        return
    site, _, network = glob.rpartition("/")
    try:
        registry.select(kind, (site,))
        # A file is called by its label here, so it cannot be looked for.
        if not is_file(network) and not any(fnmatchcase(one, network) for one in NETWORKS):
            find_network(network)
    except UsageError as error:
        raise _fits_nothing(glob, crawls) from error


def find_long_cells(cells: Iterable[Cell], forms: Mapping[str, LongForm]) -> list[Cell]:
    """Return the longer forms of each cell that is compared; a reference needs none."""
    return [
        cell.lengthened(site)
        for cell in cells
        if cell.group in forms and cell.strategy != REFERENCE
        for site in forms[cell.group].sites
    ]


def _find_form(short: str, wanted: str) -> LongForm:
    """Return the longer site, with the middle one if two are named."""
    first, *others = [site.strip() for site in wanted.split(",")]
    if len(others) > 1:
        raise UsageError(
            f"the long form {wanted!r} of {short} names {len(others) + 1} sites; name one, or one "
            "in between and the longer one, such as douban-x30,douban-x100"
        )
    found = _find_longer(short, first)
    if not others:
        return found
    longer = _find_longer(first, others[0])
    return LongForm(longer.site, longer.pages, found.short_pages, found.site, found.pages)


def _find_longer(short: str, long: str) -> LongForm:
    if not is_ours(long):
        raise UsageError(
            f"the site {long!r} cannot be a long form of {short}: only sites that come with "
            "crawlbench can, such as douban-x100"
        )
    pages, short_pages = _count_pages(long), _count_pages(short)
    if pages <= short_pages:
        raise UsageError(
            f"the site {long!r} has {pages} pages, so it cannot be a long form of {short}, which "
            f"has {short_pages}; name one with more pages, such as douban-x{10 * short_pages}"
        )
    return LongForm(long, pages, short_pages)


def _count_pages(site: str) -> int:
    spec: SiteSpec = registry.load(registry.Kind.SITE, site)
    return spec.expected_pages
