"""A worker's messages reach the manager, whatever a contestant's items hold."""

import json
import socket

import pytest

from crawlbench.measure.gate import ManagerLink


@pytest.mark.parametrize(
    ("title", "arrives"), [("霸王别姬", "霸王别姬"), ("a\ud800b", "a?b"), ("\n\0é𠮷", "\n\0é𠮷")]
)
def test_titles_arrive_as_they_are_except_half_a_character(title, arrives):
    """UTF-8 has no half of a surrogate pair: to raise here would look like a client's error."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        gate = ManagerLink(server.getsockname()[1], "token", "cell")
        connection, _ = server.accept()
        with connection, connection.makefile(encoding="utf-8") as lines:
            assert json.loads(lines.readline())["kind"] == "hello"
            gate.say({"rows": [[1, title]]})
            assert json.loads(lines.readline()) == {"rows": [[1, arrives]]}
        gate._socket.close()
        gate._lines.close()
