"""Greenlets with geventhttpclient, whose parser of HTTP is C, and which needs nothing patched.

Watch: its sockets are gevent's from the start, so this runs in the process as it is and pays for no
patching. Over TLS that needs a context of gevent's: the usual one is Python's where nothing is
patched, and whoever waits for a handshake or an answer would hold up all other greenlets. Its
session keeps one connection per host unless told, here one per greenlet.
Compare with: `gevent_requests.py`, requests made cooperative, in a process of its own for that.
Model: greenlets. HTTP: 1.1.
"""

import gevent.pool
import gevent.ssl
from geventhttpclient import Session

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `geventhttpclient.Session` and at most `concurrency` greenlets."""
    tls = {}
    if site.ca_file:
        context = gevent.ssl.SSLContext(gevent.ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(site.ca_file)
        tls = {"ssl_context_factory": lambda **_: context}
    with Session(headers=HEADERS, concurrency=concurrency, **tls) as session:

        def fetch(url):
            response = session.request(site.method, url, json=site.payload(url))
            response.raise_for_status()
            return site.read(response.url, response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = gevent.pool.Pool(concurrency).map(fetch, front)
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
