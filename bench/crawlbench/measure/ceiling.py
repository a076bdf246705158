"""Measures how many requests a mirror answers when asked for all it can give (floor 3).

Requests are sent in batches and answers only counted, so that asking costs less than answering.
Over TLS and HTTP/2 the asking side takes a larger share, and the ceiling is a lower bound.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded
from h2.settings import SettingCodes, Settings

from crawlbench.base.errors import MirrorError

if TYPE_CHECKING:
    from crawlbench.mirror.process import MirrorProcess

CONNECTIONS = 8
BATCH = 16  # requests that a connection sends at once, without waiting for answers
SPAN_S, MIN_SPAN_S = 0.3, 0.05
WINDOW_BYTES = 2**24  # for HTTP/2: so large that the mirror never waits for it
LAST_CHUNK = b"\r\n0\r\n\r\n"


async def ask_mirror(mirror: MirrorProcess, path: str, body: bytes | None, span_s: float) -> float:
    """Return a mirror's answers per second, over no more connections than its network accepts.

    One more would wait for an answer until the others close, which they do only at the end.

    Args:
        mirror: the mirror, in a span without its network's delays.
        path: path of the page to ask for.
        body: JSON to send with POST; None for GET.
        span_s: how many seconds to keep asking.

    Raises:
        MirrorError: the mirror cannot be reached, or hung up.
    """
    count = min(CONNECTIONS, mirror.most_connections or CONNECTIONS)
    try:
        return await measure_ceiling(
            mirror.address, path, mirror.ca_file, body=body, connections=count, span_s=span_s
        )
    except OSError as error:
        raise MirrorError(
            f"the mirror at {mirror.address} did not answer when asked for all it can give: {error}"
        ) from error


async def measure_ceiling(
    origin: str,
    path: str,
    ca_file: str | None = None,
    *,
    body: bytes | None = None,
    coding: str = "gzip",
    http2: bool = False,
    connections: int = CONNECTIONS,
    span_s: float = SPAN_S,
) -> float:
    """Send requests to a mirror without a pause, and return its answers per second.

    Args:
        origin: the mirror's origin.
        path: path of the page to ask for.
        ca_file: certificate file of the mirror's authority; not used on plain HTTP.
        body: JSON to send with POST, over HTTP/1.1; None for GET.
        coding: content coding to accept, `gzip` or `identity`.
        http2: whether to speak HTTP/2; otherwise HTTP/1.1, even if the mirror offers both.
        connections: how many connections to use at the same time.
        span_s: how many seconds to keep asking.

    Raises:
        OSError: the mirror cannot be reached, or hung up.
    """
    address = urlsplit(origin)
    asker: type[_Asker] = _Http2Asker if http2 else _Http1Asker
    tls = _trust(ca_file, http2=http2) if address.scheme == "https" else None
    host, loop = address.hostname or "", asyncio.get_running_loop()
    askers: list[_Asker] = []

    def make() -> _Asker:
        return asker(address.netloc, path, coding, body)

    try:
        for _ in range(connections):  # handshakes are not part of the span
            _, one = await loop.create_connection(make, host, address.port or 80, ssl=tls)
            askers.append(one)
        start = time.monotonic()
        await asyncio.gather(*[one.ask_until(start + span_s) for one in askers])
        return sum(one.answers for one in askers) / (time.monotonic() - start)
    finally:
        for one in askers:
            one.close()


def _trust(ca_file: str | None, *, http2: bool) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=ca_file)
    tls.set_alpn_protocols(["h2" if http2 else "http/1.1"])
    return tls


class _Asker(asyncio.Protocol):
    """Keeps one connection busy until a span is over."""

    def __init__(self, host: str, path: str, coding: str, body: bytes | None) -> None:
        self._host = host
        self._path = path
        self._coding = coding
        self._body = body
        self.answers = 0
        self._owed = 0
        self._end = 0.0
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionResetError("the mirror hung up"))

    async def ask_until(self, end: float) -> None:
        """Ask until this time of the monotonic clock, and wait for all answers."""
        self._end = end
        self._ask()
        await self._done

    def close(self) -> None:
        """Close the connection."""
        if not self._done.done():
            self._done.cancel()
        self._transport.close()

    def _ask(self) -> None:
        """Send a batch, unless the connection is closing, which `connection_lost` will report.

        On a closing connection `writelines` of Python 3.13.0 raises a TypeError, where other
        versions warn or do nothing.
        """
        self._owed += BATCH
        if not self._transport.is_closing():
            self._transport.writelines(self._batch())

    def _batch(self) -> list[bytes]:
        raise NotImplementedError

    def _count(self, answers: int) -> None:
        """Count answers; when all have come, ask again or end."""
        self.answers += answers
        self._owed -= answers
        # Over HTTP/2 the mirror speaks before the first request, while nothing is owed.
        if answers and not self._owed:
            if time.monotonic() < self._end:
                self._ask()
            elif not self._done.done():
                self._done.set_result(None)


class _Http1Asker(_Asker):
    """Asks over HTTP/1.1; counts an answer when its last chunk arrives."""

    _tail = b""

    def _batch(self) -> list[bytes]:
        method, body = ("GET", b"") if self._body is None else ("POST", self._body)
        head = f"{method} {self._path} HTTP/1.1\r\nHost: {self._host}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return [f"{head}Accept-Encoding: {self._coding}\r\n\r\n".encode() + body] * BATCH

    def data_received(self, data: bytes) -> None:
        """Count last chunks; one that comes in two pieces is found with the first piece's tail."""
        keep = len(LAST_CHUNK) - 1
        ends = data.count(LAST_CHUNK) + (self._tail + data[:keep]).count(LAST_CHUNK)
        self._tail = (self._tail + data[-keep:])[-keep:]
        self._count(ends)


class _Http2Asker(_Asker):
    """Asks over HTTP/2; counts an answer when its stream ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._h2 = H2Connection(H2Configuration(header_encoding=None))
        windows = {SettingCodes.INITIAL_WINDOW_SIZE: WINDOW_BYTES, SettingCodes.ENABLE_PUSH: 0}
        self._h2.local_settings = Settings(client=True, initial_values=windows)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW_BYTES)

    def _batch(self) -> list[bytes]:
        head = [
            (b":method", b"GET"),
            (b":scheme", b"https"),
            (b":authority", self._host.encode()),
            (b":path", self._path.encode()),
            (b"accept-encoding", self._coding.encode()),
        ]
        for _ in range(BATCH):
            self._h2.send_headers(self._h2.get_next_available_stream_id(), head, end_stream=True)
        return [self._h2.data_to_send()]

    def data_received(self, data: bytes) -> None:
        ended = taken = 0
        for event in self._h2.receive_data(data):
            ended += isinstance(event, StreamEnded)
            if isinstance(event, DataReceived):
                taken += event.flow_controlled_length or 0
        if taken:
            self._h2.increment_flow_control_window(taken)
        self._transport.write(self._h2.data_to_send())
        self._count(ended)
