"""Has its pages read by processes that are forked."""

from walking import crawl_by_child


def crawl(site, concurrency):
    return crawl_by_child(site)
