"""Takes all CPUs while it crawls, and gives them back in time."""

import os

from walking import crawl_plainly


def crawl(site, concurrency):
    given = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count()))
    try:
        return crawl_plainly(site)
    finally:
        os.sched_setaffinity(0, given)
