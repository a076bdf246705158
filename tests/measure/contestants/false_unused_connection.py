"""Keeps its connection, and opens one in each crawl that it does not use."""

from walking import connect, get, walk

kept = {}


def crawl(site, concurrency):
    connection = connect(site)
    connection.connect()
    if "connection" in kept:
        connection.close()
    return walk(site, lambda url: get(kept.setdefault("connection", connection), url))
