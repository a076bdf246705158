"""Strategies that are slower on purpose: they burn a share of their own CPU time once more."""

import time

from crawlbench.strategies import requests_serial


def burn_more(share, site, concurrency):
    """Crawl, then spin for a share of the CPU time that the crawl took."""
    start = time.thread_time()
    items = requests_serial.crawl(site, concurrency)
    end = time.thread_time() + share * (time.thread_time() - start)
    while time.thread_time() < end:
        pass
    return items


def by_1(site, concurrency):
    """Take 1 % more CPU than `requests-serial`."""
    return burn_more(0.01, site, concurrency)


def by_5(site, concurrency):
    """Take 5 % more CPU than `requests-serial`."""
    return burn_more(0.05, site, concurrency)
