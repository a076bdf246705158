"""Keeps to one of the CPUs that it was given, for a while, and asks how many there are."""

import os

from walking import crawl_plainly


def crawl(site, concurrency):
    given = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(given)})
    try:
        return crawl_plainly(site)
    finally:
        os.sched_setaffinity(0, given)
