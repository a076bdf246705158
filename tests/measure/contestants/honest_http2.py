"""Speaks HTTP/2, all pages on one connection."""

import httpx2


def crawl(site, concurrency):
    items, seen, front = [], {site.start}, [site.start]
    headers = {"Accept-Encoding": "gzip"}
    with httpx2.Client(http1=False, http2=True, verify=site.tls, headers=headers) as client:
        while front:
            response = client.get(front.pop())
            response.raise_for_status()
            page = site.read(str(response.url), response.content)
            items += page.items
            front += (links := [link for link in dict.fromkeys(page.links) if link not in seen])
            seen.update(links)
    return items
