"""Threads whose sessions ask again when a server or a network fails.

Tuned: `Retry` as requests' own example has it, with 429 and 500 among the statuses and five tries.
Watch: urllib3 retries refused and reset connections and the statuses listed, waits longer each
time, and heeds `Retry-After`. It has given the answer away before the body comes, so a body that
breaks off, or is no page of the site's, is asked for anew here, at once.
Compare with: `requests_threads.py`, which gives up at the first fault.
Model: threads. HTTP: 1.1.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import local

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

HEADERS = {"Accept-Encoding": "gzip"}
TRIES = 5
STATUSES = (429, 500, 502, 503, 504)
GIVEN_UP = (requests.ConnectionError, requests.HTTPError, requests.exceptions.RetryError)


def crawl(site, concurrency):
    """Crawl a site with a pool of `concurrency` threads, in spite of faults that pass."""
    with ExitStack() as sessions, ThreadPoolExecutor(concurrency) as pool:
        thread = local()

        def fetch(url):
            if not hasattr(thread, "session"):
                thread.session = sessions.enter_context(requests.Session())
                thread.session.trust_env = False  # no proxies, no netrc
                thread.session.headers.update(HEADERS)
                thread.session.verify = site.ca_file or True
                retry = Retry(total=TRIES, backoff_factor=0.1, status_forcelist=STATUSES)
                for scheme in ("http://", "https://"):
                    thread.session.mount(scheme, HTTPAdapter(max_retries=retry))
            tries_left = TRIES
            while True:
                try:
                    response = thread.session.request(site.method, url, json=site.payload(url))
                    response.raise_for_status()
                    return site.read(response.url, response.content)
                except GIVEN_UP:
                    raise
                except Exception:  # the body broke off, or is no page of the site's
                    tries_left -= 1
                    if not tries_left:
                        raise

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
