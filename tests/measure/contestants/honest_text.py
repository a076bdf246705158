"""Makes text of a body, strips it, and makes bytes of that again."""

from walking import crawl_plainly


def crawl(site, concurrency):
    return crawl_plainly(site, lambda url, body: site.read(url, body.decode().strip().encode()))
