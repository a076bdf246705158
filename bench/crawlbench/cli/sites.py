"""Makes sites ready for commands, and says so where their first use takes a while (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.cli.consoles import tell
from crawlbench.measure.sitefacts import find_site
from crawlbench.measure.width import refuse_inexpressible
from crawlbench.plugins import registry
from crawlbench.plugins.origin import is_ours

if TYPE_CHECKING:
    from crawlbench.base.model import SiteSpec
    from crawlbench.base.records import Plan


def prepare_sites(plan: Plan) -> None:
    """Prepare what a plan's sites need.

    Raises:
        UsageError: as for `prepare_site`, or a site cannot offer what a cell asks of it.
    """
    # First of all: if pages must be made, that takes a while.
    refuse_inexpressible(plan)
    for name in plan.names_on("site"):
        prepare_site(name)


def prepare_site(name: str, *, reads: bool = True) -> None:
    """Make a site's pages if they must be made first, and say so.

    The pages of a user's own site are made by its mirror.

    A user's own site is loaded in a process that is thrown away, never here.

    Args:
        name: the site, as on the command line.
        reads: whether its pages will be read; see `find_site`.

    Raises:
        UsageError: there is no such site, or its pages cannot be made.
    """
    if not is_ours(name):
        find_site(name, expects=False, reads=reads)
        return
    spec: SiteSpec = registry.load(registry.Kind.SITE, name)
    if work := spec.first_use():
        tell(f"crawlbench {work} ...")
        spec.pages()
