"""Hangs up as soon as it knows how long a page is, if it has one of that length."""

import gzip

from walking import HEADERS, connect, walk

kept = {}


def crawl(site, concurrency):
    def fetch(url):
        connection = connect(site)
        connection.request("GET", "/" + url.split("/", 3)[3], headers=HEADERS)
        response = connection.getresponse()
        name = url.split("/", 3)[3], response.getheader("Content-Length")
        if name not in kept:
            kept[name] = gzip.decompress(response.read())
        connection.close()
        return bytes(memoryview(kept[name]))

    return walk(site, fetch)
