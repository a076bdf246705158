"""Keeps threads from crawl to crawl, as runtimes do, which stand still between."""

from concurrent.futures import ThreadPoolExecutor

from walking import crawl_plainly

pool = ThreadPoolExecutor(4)


def crawl(site, concurrency):
    return pool.submit(crawl_plainly, site).result()
