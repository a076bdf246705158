"""A worker's side of the turnstile: one socket, a line of JSON each way (floor 3).

Imported by workers, hence it uses only the standard library.
"""

from __future__ import annotations

import socket
from json import dumps, loads
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.base.children import Message


class ManagerLink:
    """The worker's connection to its manager."""

    __slots__ = ("_lines", "_socket")  # so that no method of this gate alone can be replaced

    def __init__(self, port: int, token: str, cell: str) -> None:
        """Connect and say which cell this is."""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self.say({"kind": "hello", "token": token, "cell": cell})

    def wait(self) -> Message:
        """Block until the manager sends something, without using the CPU.

        Raises:
            SystemExit: the manager is gone.
        """
        line = self._lines.readline()
        if not line:
            raise SystemExit("the manager has gone")
        message: Message = loads(line)
        return message

    def say(self, message: Message) -> None:
        """Send one message."""
        text = dumps(message, ensure_ascii=False)
        # A contestant's items may hold half a surrogate pair, which UTF-8 lacks.
        self._socket.sendall(text.encode(errors="replace") + b"\n")
