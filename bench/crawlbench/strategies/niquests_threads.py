"""Several threads that share one niquests session, which its documentation allows.

Tuned: the size of the pool, which is 10 connections by default and here one per thread.
Watch: kept to HTTP/1.1 and to the certificate checks of the others. Much of the work is Python and
holds the global interpreter lock, as with requests.
Compare with: `requests_threads.py` (a session per thread) and `niquests_serial.py`.
Model: threads. HTTP: 1.1.
"""

from concurrent.futures import ThreadPoolExecutor

import niquests

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with `concurrency` threads on one `niquests.Session`."""
    options = {"disable_http2": True, "disable_http3": True, "revocation_configuration": None}
    with (
        niquests.Session(pool_maxsize=concurrency, **options) as session,
        ThreadPoolExecutor(concurrency) as pool,
    ):
        session.trust_env = False  # no proxies, no netrc
        session.headers.update(HEADERS)
        session.verify = site.ca_file or True

        def fetch(url):
            response = session.request(site.method, url, json=site.payload(url))
            response.raise_for_status()
            return site.read(response.url, response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
