"""One page after the other, on one connection.

Watch: the program waits for every answer before it asks the next question, so a crawl takes as
many round trips as there are pages. All that `requests` spares here is the connection.
Compare with: `requests_threads.py`, which waits for several answers at once.
Model: one thread. HTTP: 1.1.
"""

import requests

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `requests.Session`; nothing is concurrent, whatever is allowed."""
    with requests.Session() as session:
        session.trust_env = False  # no proxies, no netrc
        session.verify = site.ca_file or True
        session.headers.update(HEADERS)

        def fetch(url):
            response = session.request(site.method, url, json=site.payload(url))
            response.raise_for_status()
            return site.read(response.url, response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = [fetch(url) for url in front]
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
