"""Several threads, each with a session on libcurl and so a connection of its own.

Watch: libcurl is C and waits without the interpreter lock. A session per thread, as the library
recommends; it may be closed by another thread only if its handle is not bound to its own.
Compare with: `requests_threads.py`, whose lines are the same, and `pycurl_multi.py`, which has
libcurl wait for many answers in one thread.
Model: threads. HTTP: 1.1.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import local

from curl_cffi import Session

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with a pool of `concurrency` threads."""
    options = {"headers": HEADERS, "verify": site.ca_file or True, "http_version": "v1"}
    options |= {"trust_env": False, "use_thread_local_curl": False}
    with ExitStack() as sessions, ThreadPoolExecutor(concurrency) as pool:
        thread = local()

        def fetch(url):
            if not hasattr(thread, "session"):
                thread.session = sessions.enter_context(Session(**options))
            response = thread.session.request(
                site.method, url, json=site.payload(url), accept_encoding="gzip"
            )
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
