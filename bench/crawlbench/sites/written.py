"""Pages that are written once and kept, for sites made from a few short texts (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def without_query(address: str) -> str:
    """Give each page one spelling: without query and fragment."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


class WrittenPages:
    """A `ListedSource` of bodies that all have the same headers."""

    def __init__(
        self,
        bodies: Mapping[str, bytes],
        headers: Mapping[str, str],
        page_address: Callable[[str], str] = without_query,
    ) -> None:
        """Serve these bodies.

        Args:
            bodies: by address, path and query.
            headers: of each answer.
            page_address: gives the one spelling of an address.
        """
        self._bodies = bodies
        self._headers = headers
        self._page_address = page_address

    def addresses(self) -> list[str]:
        """See `ListedSource.addresses`."""
        return list(self._bodies)

    def find(self, address: str) -> str | None:
        """See `PageSource.find`."""
        address = self._page_address(address)
        return address if address in self._bodies else None

    def read(self, address: str) -> tuple[Mapping[str, str], bytes]:
        """See `PageSource.read`."""
        return self._headers, self._bodies[address]
