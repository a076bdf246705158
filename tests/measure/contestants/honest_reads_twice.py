"""Reads each page twice, to be sure."""

from walking import crawl_plainly


def crawl(site, concurrency):
    def read(url, body):
        site.read(url, body)
        return site.read(url, body)

    return crawl_plainly(site, read)
