"""Has garbage collected when there is as much as never comes together in a crawl."""

import gc

from walking import crawl_plainly

gc.set_threshold(100_000_000)


def crawl(site, concurrency):
    return crawl_plainly(site)
