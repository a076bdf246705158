"""Greenlets with geventhttpclient, whose parser of HTTP is C, and which needs nothing patched.

Watch: its sockets are gevent's from the start, so this runs in the process as it is and pays for no
patching. Its session keeps one connection per host unless told, here one per greenlet.
Compare with: `gevent_requests.py`, requests made cooperative, in a process of its own for that.
Model: greenlets. HTTP: 1.1.
"""

import gevent.pool
from geventhttpclient import Session

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `geventhttpclient.Session` and at most `concurrency` greenlets."""
    tls = {"ssl_options": {"ca_certs": site.ca_file}} if site.ca_file else {}
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
