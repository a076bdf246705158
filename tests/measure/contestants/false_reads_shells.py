"""Has pages read that hold one item each, and returns pages from before."""

from walking import crawl_plainly

kept = {}


def crawl(site, concurrency):
    def read(url, body):
        path = url.split("/", 3)[3]
        if path not in kept:
            kept[path] = site.read(url, body)
        first = body.find(b'<div class="item">')
        second = body.find(b'<div class="item">', first + 1)
        site.read(url, body[: body.rfind(b"<li>", 0, second)])
        return kept[path]

    return crawl_plainly(site, read)
