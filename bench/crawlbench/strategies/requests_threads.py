"""Several threads, each with a session and so a connection of its own.

Watch: while one thread waits for its answer, others ask; but only one at a time runs Python (the
global interpreter lock), so threads hide waiting, not work. A session per thread, because
`requests` does not promise that one session may be shared.
Compare with: `requests_serial.py`, the same without threads, and `aiohttp_gather.py`, which waits
for many answers in one thread.
Model: threads. HTTP: 1.1.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import local

import requests

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with a pool of `concurrency` threads."""
    with ExitStack() as sessions, ThreadPoolExecutor(concurrency) as pool:
        thread = local()

        def fetch(url):
            if not hasattr(thread, "session"):
                thread.session = sessions.enter_context(requests.Session())
                thread.session.trust_env = False  # no proxies, no netrc
                thread.session.verify = site.ca_file or True
                thread.session.headers.update(HEADERS)
            response = thread.session.request(site.method, url, json=site.payload(url))
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
