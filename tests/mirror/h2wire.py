"""A client of HTTP/2 that does exactly what it is told, good or bad."""

from __future__ import annotations

import contextlib
import gzip
import socket
from collections import defaultdict
from dataclasses import dataclass, field

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings
from tests.mirror.wire import PATIENCE_S


@dataclass
class Stream:
    """What came on one stream."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    informed: list[int] = field(default_factory=list)
    """Statuses that came before the answer."""
    is_over: bool = False
    reset: int | None = None

    def hear(self, headers):
        if headers[":status"].startswith("1"):
            self.informed.append(int(headers[":status"]))
        else:
            self.headers = headers

    @property
    def status(self):
        return int(self.headers[":status"])

    @property
    def page(self):
        coded = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.body) if coded else self.body


class Http2Wire:
    """One connection; ended when its block ends."""

    def __init__(self, port, tls=None, window=2**24, greets=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            tls.set_alpn_protocols(["h2"])
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.h2 = H2Connection(
            H2Configuration(
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.h2.local_settings = Settings(
            client=True, initial_values={SettingCodes.INITIAL_WINDOW_SIZE: window}
        )
        self.streams = defaultdict(Stream)
        self.goaway = None
        self.settings = {}
        self.is_closed = False
        self.takes_in = True
        """Whether windows are opened again when something came."""
        if greets:
            self.h2.initiate_connection()
            if window > 65_535:
                self.h2.increment_flow_control_window(window)
            self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Send bytes; a mirror that has hung up is no error."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)

    def flush(self):
        self.send(self.h2.data_to_send())

    def request(self, path="/top250", *headers, method="GET", host="x", ends=True):
        """Ask on a new stream and return its number; see `flush`."""
        stream = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":path", path), (":scheme", "http"), (":authority", host)]
        self.h2.send_headers(stream, [*head, *headers], end_stream=ends)
        return stream

    def read(self):
        """Take in what comes next; return False at the end of the connection."""
        try:
            data = self.socket.recv(65_536)
        except ConnectionError:
            data = b""
        if not data:
            self.is_closed = True
            return False
        for event in self.h2.receive_data(data):
            self._take(event)
        self.flush()
        return True

    def read_until(self, condition):
        while not condition() and self.read():
            pass

    def read_all(self):
        """Read until the connection ends."""
        self.read_until(lambda: False)

    def answer(self, stream):
        """Read until a stream is over, or the connection is."""
        self.flush()
        self.read_until(lambda: self.streams[stream].is_over)
        return self.streams[stream]

    def ask(self, path="/top250", *headers, **options):
        return self.answer(self.request(path, *headers, **options))

    def _take(self, event):
        if isinstance(event, (events.ResponseReceived, events.InformationalResponseReceived)):
            self.streams[event.stream_id].hear(dict(event.headers))
        elif isinstance(event, events.DataReceived):
            self.streams[event.stream_id].body += event.data
            if self.takes_in and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, events.StreamEnded):
            self.streams[event.stream_id].is_over = True
        elif isinstance(event, events.StreamReset):
            self.streams[event.stream_id].reset = event.error_code
            self.streams[event.stream_id].is_over = True
        elif isinstance(event, events.ConnectionTerminated):
            self.goaway = event.error_code
        elif isinstance(event, events.RemoteSettingsChanged):
            self.settings |= {
                code: change.new_value for code, change in event.changed_settings.items()
            }
