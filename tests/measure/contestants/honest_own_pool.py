"""Pages are decoded by a process that is spawned, with a function of this file."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from walking import crawl_plainly


def decode(body):
    return bytes(body)


def crawl(site, concurrency):
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return crawl_plainly(site, lambda u, body: site.read(u, pool.submit(decode, body).result()))
