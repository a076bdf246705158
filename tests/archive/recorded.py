"""A real server on loopback that is recorded."""

from __future__ import annotations

import http.server

from tests.archive.archives import page

HTML = {"Content-Type": "text/html; charset=utf-8"}


class Server:
    """A real server on loopback whose answers a test writes."""

    def __init__(self):
        self.answers = {}
        """Status, headers and body by path and query, or what makes them of a request's headers;
        others are 404. A header that is a list has a line for each of its values."""
        self.asked = []
        self.agents = set()
        self.sent = []
        """Headers of each request."""
        self.most_at_once = self.now = 0
        handler = type("Handler", (Handler,), {"owner": self})
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self.http.server_port}"

    def page(self, path, *links, title="t", **headers):
        self.answers[path] = (200, {**HTML, **headers}, page(title, *links))

    def paths(self):
        return [path for path in self.asked if path != "/robots.txt"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Server

    def do_GET(self):
        self.owner.now += 1
        self.owner.most_at_once = max(self.owner.now, self.owner.most_at_once)
        self.owner.asked.append(self.path)
        self.owner.agents.add(self.headers["User-Agent"])
        self.owner.sent.append(self.headers)
        answer = self.owner.answers.get(self.path, (404, HTML, b"no"))
        status, headers, body = answer(self.headers) if callable(answer) else answer
        if status is None:  # as a server that went away while it was asked
            self.owner.now -= 1
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            for line in [value] if isinstance(value, str) else value:
                self.send_header(name, line)
        self.owner.now -= 1  # before the last byte: whoever has read it may ask again at once
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
