"""Has its pages read by a process that takes another CPU."""

import os

from walking import crawl_by_child


def crawl(site, concurrency):
    return crawl_by_child(site, lambda: os.sched_setaffinity(0, range(os.cpu_count())))
