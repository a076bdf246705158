"""Fetches the first page by a new connection, and all others by one that it keeps."""

from walking import connect, get, walk

kept = {}


def crawl(site, concurrency):
    connection = connect(site)
    try:
        return walk(
            site,
            lambda url: get(
                connection if url == site.start else kept.setdefault("one", connect(site)), url
            ),
        )
    finally:
        connection.close()
