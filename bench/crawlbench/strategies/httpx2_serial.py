"""One page after the other, with httpx2, by which httpx is continued.

Watch: the context of TLS is made once, outside, and shared by all clients, as its documentation
advises; else each client would load all authorities. It follows redirects only when told.
Compare with: `httpx_serial.py`, the same lines with httpx, and `httpx2_threads.py`.
Model: one thread. HTTP: 1.1.
"""

import httpx2

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `httpx2.Client`; nothing is concurrent, whatever is allowed."""
    with httpx2.Client(
        headers=HEADERS,
        verify=site.tls,
        trust_env=False,  # no proxies, no netrc
    ) as client:

        def fetch(url):
            response = client.request(site.method, url, json=site.payload(url))
            response.raise_for_status()
            return site.read(str(response.url), response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = [fetch(url) for url in front]
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
