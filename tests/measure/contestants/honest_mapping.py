"""Returns the values of a mapping by rank."""

from walking import crawl_plainly


def crawl(site, concurrency):
    return {item.rank: item for item in crawl_plainly(site)}.values()
