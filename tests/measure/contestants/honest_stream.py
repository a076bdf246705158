"""Reads piece by piece."""

from walking import crawl_plainly


def crawl(site, concurrency):
    def read(url, body):
        page = site.stream(url)
        for at in range(0, len(body), 1_000):
            page.feed(body[at : at + 1_000])
        return page.close()

    return crawl_plainly(site, read)
