"""One request, as the mirror sees it (floor 2)."""

from __future__ import annotations

from dataclasses import dataclass


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
