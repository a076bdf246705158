"""Sites for commands: a word on what their first use takes (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.cli.output import tell
from crawlbench.measure.sitefacts import find_site, is_ours
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from crawlbench.base.model import SiteSpec
    from crawlbench.base.records import Plan

__all__ = ["load_site", "prepare_site", "prepare_sites"]


def load_site(name: str) -> SiteSpec:
    """Return a site whose pages are ready to be served from here; say so if they must be made.

    A user's own is first loaded in a process that is thrown away.

    Raises:
        UsageError: there is no such site, or its pages cannot be made.
    """
    if not is_ours(name):
        find_site(name, expects=False)
    spec: SiteSpec = registry.load(registry.Kind.SITE, name)
    work = spec.first_use()
    if work:
        tell(f"crawlbench {work} ...")
        spec.pages()
    return spec


def prepare_sites(plan: Plan) -> None:
    """Make ready what a plan's sites need; errors as `prepare_site`."""
    for name in dict.fromkeys(plan.path_of(cell.site) for cell in plan.cells if cell.site):
        prepare_site(name)


def prepare_site(name: str, *, reads: bool = True) -> None:
    """Make the pages of a site that needs it; those of a user's site, its mirror makes.

    Args:
        name: as on the command line.
        reads: whether its pages are going to be read, see `find_site`.

    Raises:
        UsageError: as `load_site`.
    """
    if is_ours(name):
        load_site(name)
    else:
        find_site(name, expects=False, reads=reads)
