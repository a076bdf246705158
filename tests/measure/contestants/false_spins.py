"""Leaves a thread at work between its turns."""

import threading

from walking import crawl_plainly


def spin():
    while True:
        sum(range(10_000))


threading.Thread(target=spin, daemon=True).start()


def crawl(site, concurrency):
    return crawl_plainly(site)
