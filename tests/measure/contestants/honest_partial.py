"""Is a partial call."""

import functools

from walking import crawl_plainly


def crawl_with(reader, site, concurrency):
    return crawl_plainly(site, reader)


crawl = functools.partial(crawl_with, None)
