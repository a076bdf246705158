"""Several threads that share one httpr client: Rust's reqwest behind an interface like httpx's.

Watch: Rust fetches, inflates and waits without the global interpreter lock. Its asynchronous client
hands each request to a pool of threads as this does, so the threads are here where one sees them.
Over TLS it is held to HTTP/1.1. A proxy that the environment names cannot be declined.
Compare with: `primp_threads.py`, built on the same Rust, and `httpx_threads.py`.
Model: threads. HTTP: 1.1.
"""

from concurrent.futures import ThreadPoolExecutor

import httpr

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with `concurrency` threads on one `httpr.Client`."""
    options = {"headers": HEADERS, "ca_cert_file": site.ca_file, "http1_only": True}
    with (
        httpr.Client(referer=False, **options) as client,
        ThreadPoolExecutor(concurrency) as pool,
    ):

        def fetch(url):
            response = client.request(site.method, url, json=site.payload(url))
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
