"""One request, as the mirror sees it (floor 2)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as far as its answer depends on it."""

    target: bytes
    page: str | None
    """The page that the target names."""
    flags: int
    """How it is to be answered: those of `responses` and `http1`."""
    refusal: int
    """Status with which it is refused for how it asks, or 0: a wrong method or body."""
    closes: bool
    """Whether it is the last of its connection."""
    method: bytes = b"GET"
    """For those who watch."""
    body: bytes = b""
    """What came with POST."""
    expects: bool = False
    """Whether the client waits for leave before it sends a body."""
    content_type: bytes = b""
    """Of the body, as it was declared."""

    @property
    def is_allowed(self) -> bool:
        """Whether it asks as the site wants it."""
        return not self.refusal
