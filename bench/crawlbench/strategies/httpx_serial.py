"""One page after the other, with httpx.

Watch: the context of TLS is made once, outside, as its documentation advises: a client that is
given none loads all of the world's authorities when it opens, 15 to 30 ms, also where no page needs
one. httpx follows redirects only when told.
Compare with: `requests_serial.py` (the same lines with another library) and `httpx_threads.py`,
which waits for several answers at once.
Model: one thread. HTTP: 1.1.
"""

import httpx

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `httpx.Client`; nothing is concurrent, whatever is allowed."""
    with httpx.Client(
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
