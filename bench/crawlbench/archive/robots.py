"""Reads what a site's robots.txt allows, by RFC 9309, with protego (floor 4; pure)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from crawlbench.plugins.extras import need

MAX_ROBOTS_BYTES = 500 * 2**10
"""The part that a crawler must read (RFC 9309, 2.5); the rest does not count."""

_MAX_DELAY_S = 86_400.0
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
        body = body[:MAX_ROBOTS_BYTES].rpartition(b"\n")[0]
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    rules = need("protego", "robots.txt").Protego.parse(_VERSION.sub(r"\1", text))
    delay_s = rules.crawl_delay(agent) or 0.0
    is_number = 0.0 < delay_s < math.inf
    return Robots(rules, agent, min(delay_s, _MAX_DELAY_S) if is_number else 0.0)
