"""Imports a plug-in in this process, and says what is then known about it (floor 1)."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base import errors
from crawlbench.base.errors import BenchError, BrokenPluginError, UsageError
from crawlbench.base.model import ListedSource
from crawlbench.plugins import registry
from crawlbench.plugins.loops.factory import find_foreign

if TYPE_CHECKING:
    from crawlbench.base.model import SiteSpec


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """A plug-in, as seen by the process that imported it."""

    is_async: bool = False
    """For a strategy: whether it needs an event loop."""
    trouble: str = ""
    """Why it cannot be used; empty if it can."""
    kind_of_trouble: str = ""
    """Name of the error's class."""
    flaw: str = ""
    """For an event loop that can be imported: why it makes no loops; empty if it does."""
    foreign: str = ""
    """For an event loop: why no worker could tell that it ran; empty if each can."""
    content: str = ""
    """For a user's own site: hash of what it is made from."""

    def require(self) -> None:
        """Raise what was found, if the plug-in cannot be used."""
        if self.trouble:
            raise getattr(errors, self.kind_of_trouble, BrokenPluginError)(self.trouble)

    def require_loops(self) -> None:
        """Raise what was found, if the plug-in makes no event loops."""
        self.require()
        if self.flaw:
            raise UsageError(self.flaw)

    def require_own_loops(self) -> None:
        """Raise what was found, if no cell with these event loops could be valid."""
        self.require_loops()
        if self.foreign:
            raise UsageError(self.foreign)


def describe_plugin(kind: registry.Kind, name: str) -> PluginFacts:
    """Import a plug-in here, and return what it is, or why it cannot be used."""
    try:
        if kind is registry.Kind.STRATEGY:
            return PluginFacts(is_async=registry.is_async(name))
        plugin = registry.load(kind, name)
        if kind is registry.Kind.SITE:
            return PluginFacts(content=_hash_site(name, plugin))
        if kind is registry.Kind.EVENT_LOOP:
            return _describe_loops(name)
    except BenchError as error:
        return PluginFacts(trouble=str(error), kind_of_trouble=type(error).__name__)
    except KeyboardInterrupt as error:  # not from a keyboard: this process has none
        text = f"{kind.noun} {name!r} {registry.describe_failure(error)}; fix it"
        return PluginFacts(trouble=text, kind_of_trouble=BrokenPluginError.__name__)
    return PluginFacts()


def _hash_site(name: str, site: SiteSpec) -> str:
    """Return a site's hash; for one in Python also of its pages, which may come from other files.

    Pages that it does not list, or that cannot be read, do not count; the mirror tells why.
    """
    if not name.endswith(".py"):
        return site.content
    digest = hashlib.sha256(site.content.encode())
    with suppress(Exception):  # raised by what a user wrote
        pages = site.pages()
        for address in pages.addresses() if isinstance(pages, ListedSource) else ():
            headers, body = pages.read(address)
            # With the length of each body: no text can move from one page to the next unseen.
            digest.update(repr((address, sorted(headers.items()), len(body))).encode() + body)
    return digest.hexdigest()


def _describe_loops(event_loop: str) -> PluginFacts:
    try:
        return PluginFacts(foreign=find_foreign(event_loop))
    except UsageError as error:
        return PluginFacts(flaw=str(error))
