"""Makes itself nicer, which moves what it competes for to others."""

import os

from walking import crawl_plainly


def crawl(site, concurrency):
    os.nice(1)
    return crawl_plainly(site)
