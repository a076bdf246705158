"""No client at all: bytes written to sockets and read back, as a reference for the others.

Watch: it knows what this site answers (200, gzip, one last chunk) and checks little else, so it is
no way to fetch pages. It shows what system calls, network, TLS and inflating cost by themselves.
Compare with: `aiohttp_gather.py`, a client to trust with any server. Model: selector. HTTP: 1.1.
"""

import selectors
import socket
import zlib
from collections import defaultdict
from contextlib import ExitStack
from urllib.parse import urlsplit

HEAD = "{} {} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: gzip\r\n{}\r\n"
BODY = "Content-Type: application/json\r\nContent-Length: {}\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"


def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` requests at once, on connections that are kept."""
    items, seen, front, idle, busy = [], {site.start}, [site.start], defaultdict(list), 0

    def read(url, answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 ") or b"chunked" not in head.lower():
            raise OSError(f"{url} answered {head[:40]!r}; only chunks of HTTP/1.1 are read here")
        inflate, page = zlib.decompressobj(wbits=31), []
        while body and (size := int((line := body.partition(b"\r\n"))[0], 16)):
            page.append(inflate.decompress(line[2][:size]))
            body = line[2][size + 2 :]
        return site.read(url, b"".join(page))

    with selectors.DefaultSelector() as selector, ExitStack() as connections:
        while front or busy:
            while front and busy < concurrency:
                url, busy = front.pop(0), busy + 1
                at, body = urlsplit(url), site.body(url) or b""
                host, path = at.netloc, url.partition(at.netloc)[2]
                head = HEAD.format(site.method, path, host, BODY.format(len(body)) if body else "")
                if not idle[at[:2]]:
                    port = at.port or (443 if at.scheme == "https" else 80)
                    connection = socket.create_connection((at.hostname, port))
                    if at.scheme == "https":
                        connection = site.tls.wrap_socket(connection, server_hostname=at.hostname)
                    idle[at[:2]].append(connections.enter_context(connection))
                connection = idle[at[:2]].pop()
                connection.sendall(head.encode() + body)
                selector.register(connection, selectors.EVENT_READ, (url, bytearray()))
            for key, _ in selector.select():
                (url, received), connection = key.data, key.fileobj
                received += connection.recv(65_536) or LAST_CHUNK
                # What TLS has read already no event will tell.
                while url.startswith("https:") and connection.pending():
                    received += connection.recv(65_536)
                if received.endswith(LAST_CHUNK):
                    selector.unregister(connection)
                    idle[urlsplit(url)[:2]].append(connection)
                    page, busy = read(url, bytes(received)), busy - 1
                    items += page.items
                    front += [link for link in dict.fromkeys(page.links) if link not in seen]
                    seen.update(page.links)
    return items
