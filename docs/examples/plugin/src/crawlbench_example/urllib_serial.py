"""One page after the other with `urllib.request`, a new connection for each.

Watch: `urlopen` closes its connection after every answer, so each page costs a round trip more.
Model: one thread. HTTP: 1.1.
"""

import gzip
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site page by page; nothing is concurrent, whatever is allowed."""
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=site.tls))

    def fetch(url):
        with opener.open(Request(url, headers=HEADERS)) as response:
            body = response.read()
            if response.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            return site.read(response.url, body)

    items, seen, front = [], {site.start}, [site.start]
    while front:
        pages = [fetch(url) for url in front]
        items += [item for page in pages for item in page.items]
        links = [link for page in pages for link in page.links]
        front = [link for link in dict.fromkeys(links) if link not in seen]
        seen.update(front)
    return items
