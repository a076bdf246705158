"""Several threads that share one client written in Rust.

Watch: the bytes are read, inflated and parsed by a thread of Rust that needs no interpreter lock;
ours only wait. `max_connections` bounds the requests in flight, not the connections. The library
does not tell an answer's address, so a redirect would go unseen.
Compare with: `httpx_threads.py`, whose lines are the same and whose client is Python.
Model: threads. HTTP: 1.1.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyreqwest.client import SyncClientBuilder


def crawl(site, concurrency):
    """Crawl a site with `concurrency` threads on one `pyreqwest.client.SyncClient`."""
    builder = SyncClientBuilder().max_connections(concurrency).no_proxy().error_for_status()
    builder.brotli(False).deflate(False).zstd(False)  # so that it accepts gzip alone
    if site.ca_file:
        builder.add_root_certificate_pem(Path(site.ca_file).read_bytes())
    with builder.build() as client, ThreadPoolExecutor(concurrency) as pool:

        def fetch(url):
            request = client.request(site.method, url)
            if body := site.payload(url):
                request = request.body_json(body)
            response = request.build().send()
            return site.read(url, response.bytes())

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
