"""One page after the other, each read in pieces, with requests.

Watch: a body is never whole in memory, if the parser needs it not: none keeps length and checksum,
those of HTML gather it. A connection is used again only once its body was read to the end.
Compare with: `requests_serial.py`, the same with whole bodies, and `aiohttp_stream.py`.
Model: one thread. HTTP: 1.1.
"""

import requests

HEADERS = {"Accept-Encoding": "gzip"}
PIECE_BYTES = 65_536


def crawl(site, concurrency):
    """Crawl a site with one `requests.Session`; nothing is concurrent, whatever is allowed."""
    with requests.Session() as session:
        session.trust_env = False  # no proxies, no netrc
        session.verify = site.ca_file or True
        session.headers.update(HEADERS)

        def fetch(url):
            body = site.payload(url)
            with session.request(site.method, url, json=body, stream=True) as response:
                response.raise_for_status()
                page = site.stream(response.url)
                for piece in response.iter_content(PIECE_BYTES):
                    page.feed(piece)
                return page.close()

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = [fetch(url) for url in front]
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
