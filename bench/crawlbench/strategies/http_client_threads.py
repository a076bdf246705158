"""The standard library alone: several threads, each with a connection of its own to each host.

Watch: `http.client` parses the head in pure Python, so much of a page's work holds the global
interpreter lock. Inflating, status and redirects are left to us, and none are followed.
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
    headers = HEADERS | site.headers
    with ExitStack() as opened, ThreadPoolExecutor(concurrency) as pool:
        thread = local()

        def fetch(url):
            host, connections = urlsplit(url).netloc, thread.__dict__
            is_tls = url.startswith("https:")
            if (is_tls, host) not in connections:
                made = HTTPSConnection(host, context=site.tls) if is_tls else HTTPConnection(host)
                connections[is_tls, host] = opened.enter_context(closing(made))
            connection = connections[is_tls, host]
            connection.request(site.method, url.partition(host)[2], site.body(url), headers)
            response = connection.getresponse()
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
