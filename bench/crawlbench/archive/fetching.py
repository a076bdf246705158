"""Fetches single pages of a real site, one at a time and within bounds (floor 3)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import requests

from crawlbench import __version__
from crawlbench.archive.capture import MOST_PAGE_BYTES, is_html
from crawlbench.archive.decode import TOO_LARGE

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["AGENT", "Answer", "FetchError", "Fetcher", "retry_after_s"]

PRODUCT = "crawlbench"
"""What robots.txt may call us."""

AGENT = f"{PRODUCT}/{__version__} (mirror record; one request at a time)"
"""The User-Agent."""

TIMEOUT_S = 30.0  # for a connection, and between two pieces of an answer
MOST_SECONDS = 120.0  # for a whole answer

USUAL_WAIT_S = 60.0
"""Asked for by a 429 or 503 that does not say how long."""

_MOST_WAIT_S = 7 * 86_400.0


class FetchError(Exception):
    """Raised when there is no answer, with the reason in a few words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    """Without any coding; empty where it was not wanted."""
    problem: str = ""
    """Why the body is not there although it was wanted."""

    def header(self, name: str) -> str:
        """Return a header, empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")


class Fetcher:
    """One session: one connection, no redirects followed, no retries."""

    def __enter__(self) -> Self:
        """Open it."""
        self._session = requests.Session()
        self._session.headers["User-Agent"] = AGENT
        self._session.headers["Accept-Encoding"] = "gzip"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self._session.close()

    def get(self, url: str, *, only_html: bool = True, most_bytes: int = MOST_PAGE_BYTES) -> Answer:
        """Return the answer to one request; the body only where the status is 200.

        Args:
            url: absolute.
            only_html: leave the body where the type is another.
            most_bytes: of the body; a longer one is a problem.

        Raises:
            FetchError: there is no answer, or half of one.
        """
        deadline = time.monotonic() + MOST_SECONDS
        try:
            with self._session.get(
                url, stream=True, allow_redirects=False, timeout=TIMEOUT_S
            ) as response:
                headers = list(response.headers.items())
                answer = Answer(response.status_code, headers, b"")
                if response.status_code != requests.codes.ok:
                    return answer
                if only_html and not is_html(answer.header("content-type")):
                    return Answer(answer.status, headers, b"", "no HTML")
                return _read(response, answer, most_bytes, deadline)
        except (requests.RequestException, OSError, ValueError) as error:
            raise FetchError(type(error).__name__) from error


def _read(response: requests.Response, answer: Answer, most_bytes: int, deadline: float) -> Answer:
    parts, total = [], 0
    for part in response.iter_content(2**16):
        parts.append(part)
        total += len(part)
        if total > most_bytes:
            return Answer(answer.status, answer.headers, b"", TOO_LARGE)
        if time.monotonic() > deadline:
            return Answer(answer.status, answer.headers, b"", f"slower than {MOST_SECONDS:g} s")
    return Answer(answer.status, answer.headers, b"".join(parts))


def retry_after_s(header: str, now: float) -> float:
    """Return how long a server asks to wait.

    Args:
        header: Retry-After: seconds, or a date.
        now: seconds since 1970.
    """
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:10]), _MOST_WAIT_S)
    try:
        wait_s = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return USUAL_WAIT_S
    return min(max(wait_s, 0.0), _MOST_WAIT_S)
