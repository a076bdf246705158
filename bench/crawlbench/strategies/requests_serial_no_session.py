"""`requests.get` for every page: the form that many tutorials show.

Watch: each call makes a session and throws it away, so no connection is ever reused. The library
still reads the environment and `~/.netrc` for each page: only a session can be told not to.
Compare with: `requests_serial.py`, which opens one session for all.
Model: one thread. HTTP: 1.1.
"""

import requests

HEADERS = {"Accept-Encoding": "gzip"}
NO_PROXIES = {"no_proxy": "*"}


def crawl(site, concurrency):
    """Crawl a site with a call of `requests.get` per page; nothing is concurrent."""
    options = {"headers": HEADERS, "proxies": NO_PROXIES, "verify": site.ca_file or True}

    def fetch(url):
        body = site.payload(url)
        response = requests.request(site.method, url, json=body, **options)  # noqa: S113
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
