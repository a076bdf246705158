"""Inflates a body only if it has not seen the same before."""

import functools
import gzip
from urllib.parse import urlsplit

from walking import HEADERS, connect, walk

inflate = functools.cache(gzip.decompress)


def crawl(site, concurrency):
    connection = connect(site)

    def fetch(url):
        at = urlsplit(url)
        path = f"{at.path}?{at.query}" if at.query else at.path
        connection.request("GET", path, headers=HEADERS)
        return inflate(connection.getresponse().read())

    try:
        return walk(site, fetch)
    finally:
        connection.close()
