"""Where a site comes from: crawlbench itself, or somebody's file or package (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.plugins import registry

if TYPE_CHECKING:
    from crawlbench.base.model import SiteSpec


def is_ours(name: str) -> bool:
    """Return whether crawlbench itself makes a site, from nothing that a user has written.

    Raises:
        UnknownNameError: there is no such site.
    """
    point = registry.find(registry.Kind.SITE, name)
    package, _, module = point.module.partition(".")
    return package == "crawlbench" and module not in {"plugins.files", "sites.custom"}


def make_pages(name: str) -> None:
    """Make the pages of one of our sites if necessary; for other sites their mirror does it.

    Raises:
        UsageError: there is no such site, or its pages cannot be made.
    """
    if is_ours(name):
        spec: SiteSpec = registry.load(registry.Kind.SITE, name)
        if spec.first_use():
            spec.pages()
