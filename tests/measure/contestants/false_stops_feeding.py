"""Reads piece by piece, up to the end of the list."""

from walking import crawl_plainly


def crawl(site, concurrency):
    def read(url, body):
        page = site.stream(url)
        end = len(body) if url == site.start else body.find(b"</ol>")
        for at in range(0, end, 16_000):
            page.feed(body[at : min(at + 16_000, end)])
        return page.close()

    return crawl_plainly(site, read)
