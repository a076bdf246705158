"""Is an object that can be called."""

from walking import crawl_plainly


class Crawler:
    def __call__(self, site, concurrency):
        return crawl_plainly(site)


crawl = Crawler()
