"""Puts a reader that remembers pages beneath the one that counts them."""

from walking import crawl_plainly

kept = {}


def crawl(site, concurrency):
    inner = site.read._read

    def read(url, body):
        path = url.split("/", 3)[3]
        if path not in kept:
            kept[path] = inner(url, body)
        return kept[path]

    site.read._read = read
    return crawl_plainly(site)
