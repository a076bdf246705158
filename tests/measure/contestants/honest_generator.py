"""Yields its items as they come."""

from walking import crawl_plainly


def crawl(site, concurrency):
    yield from crawl_plainly(site)
