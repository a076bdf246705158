"""One request as the mirror sees it, and which heads it refuses, as servers do (floor 2; pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSIONS = {"1.0", "1.1"}
ANY_TAG = b"*"
EXPECTATION = b"100-continue"
"""The only one that anybody can have of us."""
# An IPv6 address in brackets, or a name without an empty label. Neither a user nor a path fits.
_HOST = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]+\]|(?!.*[.][.])[\w.~!$&'()*+,;=%-]+)(?::[0-9]*)?", re.ASCII
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as far as its answer depends on it."""

    target: bytes
    page: str | None
    """The page that the target names."""
    flags: int
    """How to answer it: the flags of `responses` and `http1`."""
    refusal: int
    """Status with which to refuse a wrong method or body; 0 if both are right."""
    closes: bool
    """Whether it is the last one on its connection."""
    method: bytes = b"GET"
    """The method, for those who watch."""
    body: bytes = b""
    """The body of a POST."""
    expects: bool = False
    """Whether the client waits for permission before it sends a body."""
    content_type: bytes = b""
    """Declared type of the body."""

    @property
    def is_allowed(self) -> bool:
        """Whether it asks in the way that the site expects."""
        return not self.refusal


def is_host(value: bytes) -> bool:
    """Return whether this names a host, with or without a port (RFC 9112, 3.2; RFC 3986, 3.2.2)."""
    return _HOST.fullmatch(value) is not None


def is_unmatched(if_match: bytes) -> bool:
    """Return whether If-Match names an entity tag, of which no page has one (RFC 9110, 13.1.1)."""
    return if_match.strip() != ANY_TAG


def is_any(if_none_match: bytes) -> bool:
    """Return whether If-None-Match asks only for a page that does not exist (RFC 9110, 13.1.2)."""
    return ANY_TAG in map(bytes.strip, if_none_match.split(b","))


def can_meet(expectation: bytes) -> bool:
    """Return whether Expect, in lower case, lists nothing but what anybody can have of us."""
    return {b"", EXPECTATION}.issuperset(map(bytes.strip, expectation.split(b",")))


def find_flaw(
    version: str, target: bytes, hosts: Sequence[bytes], codings: bytes, expectation: bytes
) -> int:
    """Return the status with which to refuse a head of HTTP/1, or 0.

    Args:
        version: the version of HTTP, such as `1.1`.
        target: what is asked for.
        hosts: the values of all headers Host.
        codings: the value of Transfer-Encoding, in lower case; empty if there is none.
        expectation: the value of Expect, in lower case; empty if there is none.
    """
    if version not in VERSIONS:
        return 505
    is_new = version == "1.1"
    absolute = _ABSOLUTE.match(target)
    named = [*hosts, *(absolute.groups() if absolute else ())]
    if len(hosts) > 1 or (is_new and not hosts) or not all(map(is_host, named)):
        return 400
    if codings and not (is_new and codings.rpartition(b",")[2].strip() == b"chunked"):
        return 400  # the end of the body is not known: RFC 9112, 6.1 and 6.3
    if codings not in {b"", b"chunked"}:
        return 501
    return 417 if is_new and not can_meet(expectation) else 0
