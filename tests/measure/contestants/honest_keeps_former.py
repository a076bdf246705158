"""Keeps what it fetched last, to compare it with what comes: a log of what has changed."""

from walking import crawl_plainly

former = {}
changed = []


def crawl(site, concurrency):
    def read(url, body):
        path = url.split("/", 3)[3]
        if former.get(path, body) != body:
            changed.append(path)
        former[path] = body
        return site.read(url, body)

    return crawl_plainly(site, read)
