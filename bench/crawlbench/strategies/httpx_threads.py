"""Several threads that share one httpx client, which its documentation allows.

Tuned: the limits. By default a client opens 100 connections and keeps 20; here it may open and
keep one per thread.
Watch: the pool has one lock, and assigns all waiting requests anew whenever one ends, so its work
grows with the threads.
Compare with: `requests_threads.py` (a session per thread) and `httpx_serial.py`.
Model: threads. HTTP: 1.1.
"""

from concurrent.futures import ThreadPoolExecutor

import httpx

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with `concurrency` threads on one `httpx.Client`."""
    with (
        httpx.Client(
            headers=HEADERS,
            verify=site.tls,
            trust_env=False,  # no proxies, no netrc
            timeout=httpx.Timeout(20, pool=None),  # 5 by default, also in line for a connection
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        ) as client,
        ThreadPoolExecutor(concurrency) as pool,
    ):

        def fetch(url):
            response = client.request(site.method, url, json=site.payload(url))
            response.raise_for_status()
            return site.read(str(response.url), response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
