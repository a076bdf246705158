"""Reads one page of ten as it was before."""

from walking import crawl_plainly

kept = {}


def crawl(site, concurrency):
    def read(url, body):
        if "start=75" in url:
            body = kept.setdefault("page", bytes(body))
        return site.read(url, memoryview(body))

    return crawl_plainly(site, read)
