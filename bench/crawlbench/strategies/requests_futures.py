"""Requests in the background, each a future, by requests-futures.

Watch: one session with a pool of threads, in which requests goes on as it always does; a session
is shared among threads, which requests itself does not promise to bear. The pool of connections
has 10 unless one says otherwise.
Compare with: `requests_threads.py`, the same with a session per thread and without the library.
Model: threads. HTTP: 1.1.
"""

from requests_futures.sessions import FuturesSession

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `FuturesSession` of `concurrency` threads."""
    pool = {"pool_maxsize": concurrency}
    with FuturesSession(max_workers=concurrency, adapter_kwargs=pool) as session:
        session.trust_env = False  # no proxies, no netrc
        session.verify = site.ca_file or True
        session.headers.update(HEADERS)

        def fetch(future):
            response = future.result()
            response.raise_for_status()
            return site.read(response.url, response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            options = [(url, site.payload(url)) for url in front]
            coming = [session.request(site.method, url, json=body) for url, body in options]
            pages = [fetch(future) for future in coming]
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
