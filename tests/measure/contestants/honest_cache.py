"""Remembers how addresses are split, and a table that it made when it was imported."""

import functools
from urllib.parse import urlsplit

from walking import crawl_plainly

TABLE = {n: str(n) for n in range(100_000)}


@functools.lru_cache
def host_of(url):
    return urlsplit(url).netloc


def crawl(site, concurrency):
    assert host_of(site.start)
    return crawl_plainly(site)
