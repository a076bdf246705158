"""Looks at the clock and collects garbage itself."""

import gc
import time

from walking import crawl_plainly


def crawl(site, concurrency):
    start = time.perf_counter()
    gc.disable()
    try:
        return crawl_plainly(site)
    finally:
        gc.enable()
        assert time.perf_counter() > start
