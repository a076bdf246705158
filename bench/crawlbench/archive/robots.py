"""What a site's robots.txt allows, which is asked before anything else (floor 4; RFC 9309)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawlbench.archive.capture import OK, REDIRECTS
from crawlbench.archive.links import PRODUCT
from crawlbench.plugins.extras import need
from crawlbench.sites.addresses import host_of, join

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.archive.fetching import Response

MAX_REDIRECTS = 5
"""How many redirects a crawler must follow."""

MAX_ROBOTS_BYTES = 500 * 2**10
"""The part that a crawler must read (RFC 9309, 2.5); the rest does not count."""

_MAX_DELAY_S = 86_400.0
# A product is compared without its version, which some files write all the same; protego keeps it.
_VERSION = re.compile(
    r"^([\t ]*user-agent[\t ]*:[\t ]*[^\s/#]+)/[^\s#]*", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one crawler."""

    rules: Any
    """protego's rules; True if everything is allowed, False if nothing is."""
    agent: str = ""
    delay_s: float = 0.0
    """The least time between two requests that the site asks for; 0 if it asks for none."""

    def allows(self, address: str) -> bool:
        """Return whether the longest rule that matches a path and query allows to fetch it."""
        if isinstance(self.rules, bool):
            return self.rules
        return bool(self.rules.can_fetch(address, self.agent))


ALLOW_ALL = Robots(rules=True)
DENY_ALL = Robots(rules=False)


def parse_robots(body: bytes, agent: str) -> Robots:
    """Return the rules of a robots.txt for one crawler.

    Args:
        body: the file's content, of which only the part counts that a crawler must read.
        agent: the crawler's name without its version, in lower case.
    """
    if len(body) > MAX_ROBOTS_BYTES:
        # Without the line that is cut: half of a rule may forbid more than the whole one.
        body = body[:MAX_ROBOTS_BYTES].rpartition(b"\n")[0]
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    rules = need("protego", "robots.txt").Protego.parse(_VERSION.sub(r"\1", text))
    delay_s = rules.crawl_delay(agent) or 0.0
    is_number = 0.0 < delay_s < math.inf
    return Robots(rules, agent, min(delay_s, _MAX_DELAY_S) if is_number else 0.0)


class UnknownRulesError(Exception):
    """Raised when robots.txt redirects to a server that is not public."""


def ask_robots(origin: str, ask: Callable[[str], Response], say: Callable[[str], None]) -> Robots:
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
        if answer.status not in REDIRECTS:
            break
        url = _find_target(origin, url, answer.location)
        answer = ask(url)
    if answer.status == OK and not answer.problem:
        return parse_robots(answer.body, PRODUCT)
    # RFC 9309, 2.3.1.3: there are no rules. (After 429 the recording has stopped already.)
    if 400 <= answer.status < 500:
        return ALLOW_ALL
    # RFC 9309, 2.3.1.4: a server that cannot say its rules forbids everything.
    say(f"robots.txt cannot be read ({answer.problem or f'status {answer.status}'})")
    return DENY_ALL


def _find_target(origin: str, url: str, location: str) -> str:
    """Return the address to which robots.txt redirects; another host must have a public name."""
    try:
        target = join(url, location)
        name, own = _name(target), _name(origin)
    except ValueError:
        name = own = target = ""
    # Nobody may send us to hosts of our own network: names without a dot, and numbers.
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
