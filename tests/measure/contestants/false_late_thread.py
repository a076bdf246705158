"""Leaves forty milliseconds of work to a thread that goes on when the crawl has returned."""

import threading
import time

from walking import crawl_plainly


def work():
    end = time.thread_time() + 0.040
    while time.thread_time() < end:
        pass


def crawl(site, concurrency):
    items = crawl_plainly(site)
    threading.Thread(target=work).start()
    return items
