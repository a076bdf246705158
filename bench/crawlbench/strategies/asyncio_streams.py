"""The standard library alone: HTTP/1.1 by hand, on the streams of asyncio.

Watch: it knows chunks, lengths, gzip and connections that last, and nothing else of HTTP: no
redirects, cookies, timeouts or retries. What a library costs more, it costs for those.
Compare with: `aiohttp_gather.py` and `asyncio_httptools.py`. Model: event loop. HTTP: 1.1.
"""

import asyncio
import zlib
from collections import defaultdict
from urllib.parse import urlsplit

HEAD = "{} {} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: gzip\r\n{}\r\n"
BODY = "Content-Type: application/json\r\nContent-Length: {}\r\n"


async def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` connections, each asked anew when it has answered."""
    limit, idle, opened = asyncio.Semaphore(concurrency), defaultdict(list), set()

    async def receive(reader):
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        parts = [line.lower().partition(":") for line in lines]
        headers = {name: value.strip() for name, _, value in parts}
        if length := headers.get("content-length"):
            return status, headers, await reader.readexactly(int(length))
        if "transfer-encoding" not in headers:  # as HTTP/1.0 has it: the end is the page's end
            return status, {**headers, "connection": "close"}, await reader.read()
        body = bytearray()
        while size := int((await reader.readline()).partition(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        while await reader.readline() != b"\r\n":
            pass  # trailers
        return status, headers, bytes(body)

    async def fetch(url):
        at, body = urlsplit(url), site.body(url) or b""
        host, length = at.netloc, BODY.format(len(body)) if body else ""
        head = HEAD.format(site.method, url.partition(host)[2], host, length)
        async with limit:
            if not idle[at[:2]] or idle[at[:2]][-1][1].is_closing():
                tls, port = (site.tls, 443) if at.scheme == "https" else (None, 80)
                address = at.hostname, at.port or port
                idle[at[:2]].append(await asyncio.open_connection(*address, ssl=tls))
            reader, writer = pair = idle[at[:2]].pop()
            opened.add(pair)
            writer.write(head.encode() + body)
            status, headers, body = await receive(reader)
            if headers.get("connection", status[:8]) not in ("close", "HTTP/1.0"):
                idle[at[:2]].append(pair)
        if status[8:12] != " 200":
            raise OSError(f"{url} answered {status!r}")
        is_gzip = headers.get("content-encoding") == "gzip"
        return site.read(url, zlib.decompress(body, wbits=31) if is_gzip else body)

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
        closing = [writer.close() or writer.wait_closed() for _, writer in opened]
        await asyncio.gather(*closing, return_exceptions=True)
