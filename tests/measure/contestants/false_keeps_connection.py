"""Keeps its connection from crawl to crawl."""

from walking import connect, get, walk

kept = []


def crawl(site, concurrency):
    if not kept:
        kept.append(connect(site))
    return walk(site, lambda url: get(kept[0], url))
