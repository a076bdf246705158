"""Sites for commands: a word on what their first use takes (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench import registry
from crawlbench.cli.output import status_console

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.model import SiteSpec

__all__ = ["load_site", "prepare_sites"]


def load_site(name: str) -> SiteSpec:
    """Return a site whose pages are ready to be served; say so if they have to be made first.

    Raises:
        UsageError: there is no such site, or its pages cannot be made.
    """
    spec: SiteSpec = registry.load(registry.Kind.SITE, name)
    work = spec.first_use()
    if work:
        status_console().print(f"crawlbench {work} ...", style="dim", soft_wrap=True)
        spec.pages()
    return spec


def prepare_sites(names: Iterable[str]) -> None:
    """Make the pages of sites that need it, each once.

    Raises:
        UsageError: as `load_site`.
    """
    for name in dict.fromkeys(names):
        load_site(name)
