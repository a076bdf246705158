"""Asks for another coding, and says so. Coding: br."""

import brotli
from walking import connect, get, walk


def crawl(site, concurrency):
    connection = connect(site)

    def fetch(url):
        return brotli.decompress(get(connection, url, headers={"Accept-Encoding": "br"}))

    try:
        return walk(site, fetch)
    finally:
        connection.close()
