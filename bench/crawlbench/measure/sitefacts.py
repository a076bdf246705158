"""What the manager has to know about a site, found without importing a user's file (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.children import ChildEnded, PlainChild, raise_told
from crawlbench.base.errors import BrokenPluginError, UsageError
from crawlbench.base.model import USUAL_PARSERS
from crawlbench.measure.culprit import hear_answer
from crawlbench.measure.verify import Expectation, expect
from crawlbench.plugins import registry
from crawlbench.plugins.origin import is_ours

if TYPE_CHECKING:
    from crawlbench.base.children import Message
    from crawlbench.base.model import SiteSpec

CHILD = "crawlbench.measure.siteside"


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the manager needs to know about a site."""

    path: str
    """Address of the first page, without its origin."""
    expectation: Expectation | None
    """What a correct crawl returns; None if that was not asked for."""
    method: str = "GET"
    """HTTP method with which each page is requested."""
    payload: dict[str, object] | None = None
    """What is sent with the method for the first page."""
    media: str = "html"
    """Kind of its pages."""
    most_at_once: int = 1
    """Pages that can be in flight at once."""
    work: str = ""
    """What was done, or has to be done, before its pages can be served; empty if nothing."""

    @property
    def expected(self) -> Expectation:
        """What a correct crawl returns, for a site that was asked for it."""
        assert self.expectation is not None
        return self.expectation


def find_site(name: str, *, expects: bool = True, reads: bool = False) -> SiteFacts:
    """Return the facts of a site; a user's site is loaded in a process that is thrown away.

    Args:
        name: the site, as on the command line.
        expects: whether to find out what a correct crawl returns, which may take a while.
        reads: whether to read unverified pages once, in order to find expressions of a user that
            never come to an end.

    Raises:
        UsageError: there is no such site, or it cannot be used.
    """
    if is_ours(name):
        return describe_site(registry.load(registry.Kind.SITE, name), expects=expects)
    told = _ask(name, {"site": name, "expects": expects, "reads": reads})
    raise_told(told, BrokenPluginError)
    return msgspec.convert(told["facts"], SiteFacts)


def find_parser(name: str) -> str:
    """Return the usual parser for a site's kind of pages; raises what `find_site` raises."""
    return USUAL_PARSERS[find_site(name, expects=False).media]


def _ask(name: str, question: dict[str, object]) -> Message:
    """Return what a child says about a site once it has read its pages."""
    child = PlainChild(CHILD)
    try:
        child.say(question)
        return hear_answer(child, name, "was not loaded")
    except ChildEnded as end:
        raise BrokenPluginError(
            f"site {name!r} ends the process that loads it: {end}; fix it"
        ) from end
    finally:
        child.end()


def describe_site(spec: SiteSpec, *, expects: bool) -> SiteFacts:
    """Return the facts of a site that was loaded here."""
    work = spec.first_use()
    if not work:  # else its pages may still have to be made
        _require_first_page(spec)
    expectation = expect(spec) if expects else None
    return SiteFacts(
        path=spec.path,
        expectation=expectation,
        method=spec.method,
        payload=spec.payload(spec.path),
        media=spec.media,
        most_at_once=count_most_at_once(spec),
        work=work,
    )


def _require_first_page(spec: SiteSpec) -> None:
    """Read the first page: if it is gone, the user is told so, and not of a mirror that ended.

    Raises:
        UsageError: there never was one.
    """
    source = spec.pages()
    found = source.find(spec.path)
    if found is None:
        raise UsageError(
            f"site {spec.name!r} begins at {spec.path!r}, which is none of its pages; give `path` "
            "the address of one"
        )
    source.read(found)


def count_most_at_once(spec: SiteSpec) -> int:
    """Return how many pages of a site can be in flight at once."""
    # All but the first, which has to be read before the others are known.
    return spec.most_at_once() if spec.most_at_once else max(1, spec.expected_pages - 1)
