"""One page after the other, with httpx.

Watch: a client makes a TLS context when it opens, also where no page needs one, and reads all of
the world's authorities for it; a short crawl feels that. httpx follows redirects only when told.
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
        verify=site.tls or True,
        trust_env=False,  # no proxies, no netrc
    ) as client:

        def fetch(url):
            response = client.get(url)
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
