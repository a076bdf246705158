"""No client at all: bytes written to sockets and read back, as a reference for the others.

Watch: it knows what this site answers (200, gzip, one last chunk) and checks little else, so it is
no way to fetch pages. It shows what system calls, network, TLS and inflating cost by themselves.
Compare with: `aiohttp_gather.py`, a client to trust with any server. Model: selector. HTTP: 1.1.
"""

import selectors
import socket
import zlib
from contextlib import ExitStack
from urllib.parse import urlsplit

REQUEST = "GET {} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: gzip\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"


def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` connections, each asked anew when it has answered."""
    host = urlsplit(site.start).netloc
    name, _, port = host.partition(":")
    items, seen, front = [], {site.start}, [site.start]
    idle, opened = [], 0

    def read(url, answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise OSError(f"{url} answered {head[:40]!r}")
        inflate, page = zlib.decompressobj(wbits=31), []
        while body and (size := int((line := body.partition(b"\r\n"))[0], 16)):
            page.append(inflate.decompress(line[2][:size]))
            body = line[2][size + 2 :]
        return site.read(url, b"".join(page))

    with selectors.DefaultSelector() as selector, ExitStack() as connections:
        while front or len(idle) < opened:
            while front and (idle or opened < concurrency):
                if not idle:
                    connection = socket.create_connection((name, int(port or 80)))
                    if site.tls:
                        connection = site.tls.wrap_socket(connection, server_hostname=name)
                    idle, opened = [connections.enter_context(connection)], opened + 1
                url, connection = front.pop(0), idle.pop()
                connection.sendall(REQUEST.format(url.partition(host)[2], host).encode())
                selector.register(connection, selectors.EVENT_READ, (url, bytearray()))
            for key, _ in selector.select():
                (url, received), connection = key.data, key.fileobj
                received += connection.recv(65_536) or LAST_CHUNK
                while site.tls and connection.pending():  # read already: no event will tell
                    received += connection.recv(65_536)
                if not received.endswith(LAST_CHUNK):
                    continue
                selector.unregister(connection)
                idle.append(connection)
                page = read(url, bytes(received))
                items += page.items
                links = [link for link in dict.fromkeys(page.links) if link not in seen]
                front += links
                seen.update(links)
    return items
