"""Has its pages read by a thread that takes another CPU."""

import os
from concurrent.futures import ThreadPoolExecutor

from walking import crawl_plainly


def crawl(site, concurrency):
    def move():
        os.sched_setaffinity(0, range(os.cpu_count()))

    with ThreadPoolExecutor(1, initializer=move) as pool:
        return crawl_plainly(site, lambda *page: pool.submit(site.read, *page).result())
