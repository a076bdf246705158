"""The standard library alone, one page after the other, on one connection per host.

Watch: `http.client` parses the head in pure Python and leaves the rest to us: inflating, the
check of the status, redirects (none are followed) and cookies (none are kept).
Compare with: `requests_serial.py`, which does all that, on top of this module, and
`http_client_threads.py`, which waits for several answers at once.
Model: one thread. HTTP: 1.1.
"""

import gzip
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with a connection per host; nothing is concurrent, whatever is allowed."""
    headers = HEADERS | site.headers
    with ExitStack() as opened:
        connections = {}

        def fetch(url):
            host = urlsplit(url).netloc
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
            pages = [fetch(url) for url in front]
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
