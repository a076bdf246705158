"""A protocol of asyncio's instead of streams, with httptools (C) to parse HTTP.

Watch: it gives up redirects, cookies, timeouts, retries and a look at headers; pages must be gzip,
whose own end tells that they are whole. Model: event loop. HTTP: 1.1.
Compare with: `asyncio_streams.py`, the same with streams, and `limit_socket.py`, with less.
"""

import asyncio
import zlib
from collections import defaultdict
from urllib.parse import urlsplit

import httptools

HEAD = "{} {} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: gzip\r\n{}\r\n"
BODY = "Content-Type: application/json\r\nContent-Length: {}\r\n"


async def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` connections, each asked anew when it has answered."""
    loop, limit = asyncio.get_running_loop(), asyncio.Semaphore(concurrency)
    idle, opened = defaultdict(list), set()

    class Connection(asyncio.Protocol):
        def __init__(self):
            self.body, self.done, self.closed = [], None, loop.create_future()
            self.on_body = self.body.append
            self.on_message_complete = lambda: self.done.set_result(self.http.should_keep_alive())
            self.http = httptools.HttpResponseParser(self)
            self.data_received = self.http.feed_data  # bytes go from one C function to the other

        def connection_lost(self, error):
            self.closed.set_result(None)
            if self.done and not self.done.done():
                self.done.set_exception(error) if error else self.done.set_result(False)

    async def fetch(url):
        at, body = urlsplit(url), site.body(url) or b""
        host, path = at.netloc, url.partition(at.netloc)[2]
        head = HEAD.format(site.method, path, host, BODY.format(len(body)) if body else "")
        async with limit:
            if not idle[at[:2]] or idle[at[:2]][-1][0].is_closing():
                tls, port = (site.tls, 443) if at.scheme == "https" else (None, 80)
                address = at.hostname, at.port or port
                idle[at[:2]].append(await loop.create_connection(Connection, *address, ssl=tls))
            transport, connection = pair = idle[at[:2]].pop()
            opened.add(pair)
            connection.done = loop.create_future()
            transport.write(head.encode() + body)
            if await connection.done:
                idle[at[:2]].append(pair)
            body, connection.body[:] = b"".join(connection.body), ()
            if (status := connection.http.get_status_code()) != 200 or body[:2] != b"\x1f\x8b":
                raise OSError(f"{url} answered {status} and {len(body)} bytes, not a page in gzip")
        return site.read(url, zlib.decompress(body, wbits=31))

    try:
        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
    finally:
        await asyncio.gather(*[transport.close() or each.closed for transport, each in opened])
