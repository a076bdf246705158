"""Asks a site what it allows, before asking for anything else (floor 4; RFC 9309, 2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.archive.links import PRODUCT
from crawlbench.archive.robots import ALLOW_ALL, DENY_ALL, Robots, parse_robots
from crawlbench.sites.addresses import host_of, join

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.archive.fetching import Answer

MAX_REDIRECTS = 5
"""How many redirects a crawler must follow."""

_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class UnknownRulesError(Exception):
    """Raised when robots.txt redirects to a server that is not public."""


def ask_robots(origin: str, ask: Callable[[str], Answer], say: Callable[[str], None]) -> Robots:
    """Fetch robots.txt; a site without one allows everything, and one that fails allows nothing.

    Args:
        origin: the site's origin.
        ask: returns the answer to a request.
        say: called with a sentence if robots.txt cannot be read.

    Raises:
        UnknownRulesError: it redirects to a server that is not public.
    """
    url = f"{origin}/robots.txt"
    answer = ask(url)
    for _ in range(MAX_REDIRECTS):
        if answer.status not in _REDIRECTS:
            break
        url = _find_target(origin, url, answer.location)
        answer = ask(url)
    if answer.status == _OK and not answer.problem:
        return parse_robots(answer.body, PRODUCT)
    if 400 <= answer.status < 500:
        return ALLOW_ALL
    say(f"robots.txt cannot be read ({answer.problem or f'status {answer.status}'})")
    return DENY_ALL


def _find_target(origin: str, url: str, location: str) -> str:
    """Return the address to which robots.txt redirects; another host must have a public name."""
    try:
        target = join(url, location)
        name, own = _name(target), _name(origin)
    except ValueError:
        name = own = target = ""
    last = name.rpartition(".")[2]
    is_public = bool(last) and last != name and not last.isdecimal() and not name.startswith("[")
    if not target or not (name == own or is_public):
        raise UnknownRulesError(
            f"{url} redirects to {location[:200]!r}, so its rules are not known"
        )
    return target


def _name(url: str) -> str:
    """Return a URL's host without its port."""
    host = host_of(url)
    name, _, port = host.rpartition(":")
    return name if name and port.isdecimal() else host
