"""Reads bodies in small pieces, and inflates them as they come."""

import zlib
from urllib.parse import urlsplit

from walking import HEADERS, connect, walk


def crawl(site, concurrency):
    connection = connect(site)

    def fetch(url):
        at = urlsplit(url)
        path = f"{at.path}?{at.query}" if at.query else at.path
        connection.request("GET", path, headers=HEADERS)
        response, inflating = connection.getresponse(), zlib.decompressobj(31)
        return b"".join(map(inflating.decompress, iter(lambda: response.read(777), b"")))

    try:
        return walk(site, fetch)
    finally:
        connection.close()
