"""The standard library alone: several threads, each with a connection of its own.

Watch: `http.client` parses the head in pure Python, so much of a page's work holds the global
interpreter lock. Inflating, status and redirects are left to us, and none are followed; a
connection belongs to one host, so this crawls one.
Compare with: `http_client_serial.py`, the same without threads, and `requests_threads.py`, which
shows what a client adds to this.
Model: threads. HTTP: 1.1.
"""

import gzip
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import local
from urllib.parse import urlsplit

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with a pool of `concurrency` threads."""
    scheme, host, *_ = urlsplit(site.start)
    tls = {"context": site.tls} if scheme == "https" else {}
    connect = HTTPSConnection if scheme == "https" else HTTPConnection
    with ExitStack() as connections, ThreadPoolExecutor(concurrency) as pool:
        thread = local()

        def fetch(url):
            if not hasattr(thread, "connection"):
                thread.connection = connections.enter_context(closing(connect(host, **tls)))
            thread.connection.request("GET", url.partition(host)[2], headers=HEADERS)
            response = thread.connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise HTTPException(f"{url} answered {response.status}")
            if response.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            return site.read(url, body)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
