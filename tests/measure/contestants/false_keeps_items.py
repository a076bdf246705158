"""Fetches and reads all pages, and returns the items of its first crawl."""

from walking import crawl_plainly

kept = []


def crawl(site, concurrency):
    items = crawl_plainly(site)
    kept[:] = kept or items
    return list(kept)
