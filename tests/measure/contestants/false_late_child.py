"""Leaves forty milliseconds of work to a child that goes on when the crawl has returned."""

import os
import time

from walking import crawl_plainly


def crawl(site, concurrency):
    items = crawl_plainly(site)
    if not os.fork():
        end = time.process_time() + 0.040
        while time.process_time() < end:
            pass
        os._exit(0)
    return items
