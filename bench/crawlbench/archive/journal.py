"""The journal of a recording, one line for each step (floor 4).

A recording that was stopped, however abruptly, continues after its last complete line.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Self

import msgspec

from crawlbench.base.errors import StorageError, UsageError
from crawlbench.sites.manifest import ManifestPage  # noqa: TC001  (msgspec reads annotations)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOURNAL_NAME = "journal.jsonl"


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The recording of a site has begun."""

    start: str


class Fetched(msgspec.Struct, frozen=True, tag="fetched"):
    """A page was stored in the folder."""

    page: ManifestPage
    encoding: str
    links: tuple[str, ...]
    """Paths on the same site to which the page links, as its links have them."""
    rewritten: int
    """How many links named the site's own host."""
    problem: str = ""
    """Why the page cannot be decoded with the encoding that it declares; empty if it can."""
    problem_at: int = 0
    """The byte at which decoding fails."""


class Moved(msgspec.Struct, frozen=True, tag="moved"):
    """An address redirects to another on the same site, or to another spelling of itself."""

    address: str
    target: str
    """The path, as the server has it."""


class Left(msgspec.Struct, frozen=True, tag="left"):
    """An address does not lead to a page."""

    address: str
    reason: str


class Waits(msgspec.Struct, frozen=True, tag="waits"):
    """The server asked us to come back later."""

    until: float
    """The time to come back, in seconds since 1970."""


Step = Begun | Fetched | Moved | Left | Waits


class Journal:
    """A recording's journal, open for further steps."""

    def __init__(self, path: Path) -> None:
        """Name the file; entering the context opens it, without an incomplete last line."""
        self._path = path
        self._decoder = msgspec.json.Decoder(Step)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Open the file."""
        try:
            self._file = self._path.open("ab+")  # writes go to the end, whatever was read
            self._file.seek(0)
            whole = self._file.read().rpartition(b"\n")
            self._file.truncate(len(whole[0]) + len(whole[1]))
        except OSError as error:
            raise StorageError(f"cannot write {self._path} ({error.strerror})") from error
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def steps(self) -> Iterator[Step]:
        """Yield the steps so far.

        Raises:
            UsageError: it is not a journal.
        """
        assert self._file
        self._file.seek(0)
        try:
            for line in self._file.read().splitlines():
                yield self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{self._path} is broken ({error}); delete its folder to begin anew"
            ) from error

    def add(self, step: Step) -> None:
        """Hand one more step to the system at once, so that it outlives this process."""
        assert self._file
        try:
            self._file.write(msgspec.json.encode(step) + b"\n")
            self._file.flush()
        except OSError as error:
            raise StorageError(f"cannot write {self._path} ({error.strerror})") from error
