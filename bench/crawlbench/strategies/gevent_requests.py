"""Requests made cooperative by gevent: written as if it blocked, run in one thread.

Tuned: one session whose pool keeps as many connections as there are greenlets.
Watch: gevent changes sockets, threads and TLS of a whole process, before others take them; hence a
process of its own, by `fork` (not on Windows), in which requests is imported anew. Both cost each
crawl a tenth of a second or two, which a program pays once.
Compare with: `requests_threads.py`, with threads, and `aiohttp_gather.py`, with `await`.
Model: greenlets. HTTP: 1.1.
"""

import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from operator import methodcaller

import gevent.monkey
import gevent.pool
import requests as unpatched  # noqa: F401  (importing it anew then costs less)

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` greenlets."""

    def crawl_here():
        warnings.simplefilter("ignore", gevent.monkey.MonkeyPatchWarning)  # it is late
        gevent.monkey.patch_all()
        for name in [name for name in sys.modules if name.startswith(("requests", "urllib3"))]:
            del sys.modules[name]
        import requests  # noqa: PLC0415  (after patching)

        with requests.Session() as session:
            session.trust_env = False  # no proxies, no netrc
            session.headers.update(HEADERS)
            session.verify = site.ca_file or True
            for scheme in ("http://", "https://"):
                session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=concurrency))

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

    crawl.here = crawl_here  # where the other process finds it
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return pool.submit(methodcaller("here"), crawl).result()
