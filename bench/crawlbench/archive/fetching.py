"""Fetches single pages of a real site, one at a time and within bounds (floor 4)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import HTTPError

from crawlbench import __version__
from crawlbench.archive.capture import MAX_PAGE_BYTES, Headed, SkippedError
from crawlbench.archive.decode import TOO_LARGE, decode_body, too_large
from crawlbench.archive.links import PRODUCT
from crawlbench.archive.sniffing import is_page, may_be_page

AGENT = f"{PRODUCT}/{__version__} (mirror record; one request at a time)"
"""The User-Agent."""

TIMEOUT_S = 30.0  # to connect, and between two pieces of an answer
MAX_SECONDS = 120.0  # for a whole answer

USUAL_WAIT_S = 60.0
"""Seconds to wait after a 429 or 503 that does not say how long."""

_NO_PAGE = "no HTML"

_MAX_WAIT_S = 7 * 86_400.0


class FetchError(Exception):
    """Raised when a request gets no answer, with the reason in a few words."""


@dataclass(frozen=True, slots=True)
class Response(Headed):
    """A server's answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    """The decoded body; empty if it was not requested."""
    problem: str = ""
    """Why there is no body although it was wanted."""

    @property
    def location(self) -> str:
        """The target of a redirect; some servers write it in raw UTF-8."""
        # http.client takes header lines for Latin-1.
        location = self.header("location")
        try:
            return location.encode("latin-1").decode()
        except UnicodeError:
            return location


class Fetcher:
    """One session: one connection, no redirects followed, no retries.

    It keeps the site's cookies. It takes no passwords from a netrc file and no proxies from
    environment variables.
    """

    def __init__(self, proxy: str = "") -> None:
        """Open it; it must be closed.

        Args:
            proxy: the address of a proxy; empty for none.
        """
        self._session = requests.Session()
        self._session.trust_env = False
        if proxy:
            self._session.proxies = {"http": proxy, "https": proxy}
        self._session.headers["User-Agent"] = AGENT
        self._session.headers["Accept-Encoding"] = "gzip"  # others would need packages

    def close(self) -> None:
        """Close its connection."""
        self._session.close()

    def get(self, url: str) -> Response:
        """Return the answer to one request, with its body only if that is a page.

        Raises:
            FetchError: there is no answer, or only part of one.
        """
        answer = self._ask(url, MAX_PAGE_BYTES, only_pages=True)
        if answer.body and not is_page(answer.header("content-type"), answer.body):
            return Response(answer.status, answer.headers, b"", _NO_PAGE)
        if len(answer.body) > MAX_PAGE_BYTES:
            return Response(answer.status, answer.headers, b"", TOO_LARGE)
        return answer

    def get_begin(self, url: str, most_bytes: int) -> Response:
        """Return the answer to one request, with at least the first bytes of its body.

        Raises:
            FetchError: there is no answer, or only part of one.
        """
        return self._ask(url, most_bytes, only_pages=False)

    def _ask(self, url: str, most_bytes: int, *, only_pages: bool) -> Response:
        try:
            with self._session.get(
                url, stream=True, allow_redirects=False, timeout=TIMEOUT_S
            ) as response:
                headers = list(response.raw.headers.items())
                answer = Response(response.status_code, headers, b"")
                if response.status_code != requests.codes.ok:
                    return answer
                if only_pages and not may_be_page(answer.header("content-type")):
                    return Response(answer.status, headers, b"", _NO_PAGE)
                return _read(response, answer, most_bytes)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise FetchError(type(error).__name__) from error


def _read(response: requests.Response, answer: Response, most_bytes: int) -> Response:
    """Read a body until it is complete or longer than requested, and decode it."""
    deadline = time.monotonic() + MAX_SECONDS
    body = bytearray()
    # Decoded by us, because requests knows no bounds.
    for part in response.raw.stream(2**16, decode_content=False):
        body += part
        if len(body) > most_bytes:
            break
        if time.monotonic() > deadline:
            return Response(answer.status, answer.headers, b"", f"slower than {MAX_SECONDS:g} s")
    # The beginning of a plain body is of use, as for robots.txt; half of a coded one is not.
    if len(body) > most_bytes and answer.header("content-encoding"):
        return Response(answer.status, answer.headers, b"", too_large(most_bytes))
    codings = ",".join(answer.header_lines("content-encoding"))
    content = [coding.strip() for coding in codings.split(",") if coding.strip()]
    try:
        decoded = decode_body(bytes(body), [], content, [])
    except SkippedError as error:
        return Response(answer.status, answer.headers, b"", str(error))
    return Response(answer.status, answer.headers, decoded)


def retry_after_s(header: str, now: float) -> float:
    """Return how many seconds a server asks us to wait.

    Args:
        header: the value of Retry-After: seconds or a date.
        now: the time in seconds since 1970.
    """
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:10]), _MAX_WAIT_S)
    try:
        wait_s = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return USUAL_WAIT_S
    return min(max(wait_s, 0.0), _MAX_WAIT_S)
