"""Pages that are written once and kept, for sites made from a few short texts (floor 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def without_query(address: str) -> str:
    """Give each page one spelling: without query and fragment."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


@dataclass(frozen=True, slots=True)
class WrittenPages:
    """A `ListedSource` of bodies that all have the same headers."""

    bodies: Mapping[str, bytes]
    """By address, path and query."""
    headers: Mapping[str, str]
    """Of each answer."""
    page_address: Callable[[str], str] = without_query
    """Gives the one spelling of an address."""

    def addresses(self) -> list[str]:
        """See `ListedSource.addresses`."""
        return list(self.bodies)

    def find(self, address: str) -> str | None:
        """See `PageSource.find`."""
        address = self.page_address(address)
        return address if address in self.bodies else None

    def read(self, address: str) -> tuple[Mapping[str, str], bytes]:
        """See `PageSource.read`."""
        return self.headers, self.bodies[address]
