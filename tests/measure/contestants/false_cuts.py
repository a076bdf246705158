"""Has only the list read, of all pages but the first."""

from walking import crawl_plainly


def crawl(site, concurrency):
    def read(url, body):
        if url != site.start:
            body = body[: body.find(b"</ol>")]
        return site.read(url, body)

    return crawl_plainly(site, read)
