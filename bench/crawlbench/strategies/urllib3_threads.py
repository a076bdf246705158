"""Several threads that share one pool of connections, without a session around it.

Watch: `maxsize` alone bounds the connections that are kept; only with `block=True` does it bound
those that are open. urllib3 knows no cookies and raises for no status, and it asks again up to
three times, on its own, when a connection fails.
Compare with: `requests_threads.py`, which is built on this, with a session per thread.
Model: threads. HTTP: 1.1.
"""

from concurrent.futures import ThreadPoolExecutor

import urllib3

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with `concurrency` threads on one `urllib3.PoolManager`."""
    with (
        urllib3.PoolManager(
            maxsize=concurrency, block=True, headers=HEADERS, ssl_context=site.tls
        ) as manager,
        ThreadPoolExecutor(concurrency) as pool,
    ):

        def fetch(url):
            response = manager.request(site.method, url, json=site.payload(url))
            if response.status >= 400:
                raise urllib3.exceptions.HTTPError(f"{url} answered {response.status}")
            return site.read(url, response.data)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
