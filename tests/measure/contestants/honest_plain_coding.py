"""Asks for no coding, as a first try does."""

from walking import connect, get, walk


def crawl(site, concurrency):
    connection = connect(site)
    try:
        return walk(site, lambda url: get(connection, url, headers={}))
    finally:
        connection.close()
