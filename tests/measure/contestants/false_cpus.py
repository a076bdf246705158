"""Takes all CPUs there are."""

import os

from walking import crawl_plainly


def crawl(site, concurrency):
    os.sched_setaffinity(0, range(os.cpu_count()))
    return crawl_plainly(site)
