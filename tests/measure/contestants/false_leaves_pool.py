"""Has its pages read by a pool of forked processes, and leaves them to end by themselves."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from walking import crawl_plainly

sites = []


def work(url, body):
    return sites[-1].read(url, body)


def crawl(site, concurrency):
    sites.append(site)
    pool = ProcessPoolExecutor(2, get_context("fork"))
    try:
        return crawl_plainly(site, lambda url, body: pool.submit(work, url, body).result())
    finally:
        pool.shutdown(wait=False)
