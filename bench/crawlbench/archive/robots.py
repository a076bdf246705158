"""What a site's robots.txt allows (floor 3; pure; RFC 9309).

The standard library's parser knows neither `*` within a path nor the longest match, so that it
would fetch pages that a site forbids.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

__all__ = ["ALLOW_ALL", "DENY_ALL", "Robots", "parse_robots"]

MOST_BYTES = 500 * 2**10
"""That a crawler has to read (RFC 9309, 2.5)."""

_MOST_DELAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Rule:
    path: str
    allows: bool

    def fits(self, address: str) -> bool:
        """Tell whether an address begins as the path says; `*` is anything, `$` the end."""
        first, *others = self.path.removesuffix("$").split("*")
        if not address.startswith(first):
            return False
        at = len(first)
        for part in others:  # the leftmost place leaves the most room for those that follow
            found = address.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        if not self.path.endswith("$"):
            return True
        return address.endswith(others[-1]) if others else at == len(address)


@dataclass(slots=True)
class _Group:
    agents: list[str] = field(default_factory=list)
    rules: list[_Rule] = field(default_factory=list)
    delay_s: float = 0.0
    is_open: bool = True
    """More user agents may follow."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one crawler."""

    rules: tuple[_Rule, ...] = ()
    delay_s: float = 0.0
    """The least time between two requests that the site asks for; 0 if it asks for none."""

    def allows(self, address: str) -> bool:
        """Tell whether a path with its query may be fetched: the longest rule that fits says."""
        address = _normalise(address)
        fitting = [rule for rule in self.rules if rule.fits(address)]
        best = max(fitting, key=lambda rule: (len(rule.path), rule.allows), default=None)
        return best is None or best.allows


ALLOW_ALL = Robots()
DENY_ALL = Robots((_Rule("/", False),))


def parse_robots(text: str, agent: str) -> Robots:
    """Return what a robots.txt says to a crawler.

    Args:
        text: of the file.
        agent: the crawler's name without its version, in lower case.
    """
    groups = _parse_groups(text)
    chosen = [group for group in groups if agent in group.agents]
    chosen = chosen or [group for group in groups if "*" in group.agents]
    rules = tuple(rule for group in chosen for rule in group.rules)
    return Robots(rules, max((group.delay_s for group in chosen), default=0.0))


def _parse_groups(text: str) -> list[_Group]:
    groups: list[_Group] = []
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if not groups or not groups[-1].is_open:
                groups.append(_Group())
            groups[-1].agents.append(value.partition("/")[0].strip().lower())
        elif groups and key in {"allow", "disallow", "crawl-delay"}:
            _add_rule(groups[-1], key, value)
    return groups


def _add_rule(group: _Group, key: str, value: str) -> None:
    group.is_open = False
    if key == "crawl-delay":
        if re.fullmatch(r"\d+(\.\d*)?|\.\d+", value):
            group.delay_s = min(float(value), _MOST_DELAY_S)
    elif value:  # an empty Disallow forbids nothing
        group.rules.append(_Rule(_normalise(value), key == "allow"))


def _normalise(path: str) -> str:
    """Give escapes one spelling, so that `%7e` in a rule fits `~` in an address."""
    return quote(
        unquote(path.replace("%2F", "%252F").replace("%2f", "%252F")), safe="/*$?&=%+,:;@!'()~"
    )
