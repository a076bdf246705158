"""Has its pages read by a process that takes another CPU."""

import os
from multiprocessing import get_context

from walking import crawl_plainly


def crawl(site, concurrency):
    ours, theirs = get_context("fork").Pipe()

    def work():
        os.sched_setaffinity(0, range(os.cpu_count()))
        for url, body in iter(theirs.recv, None):
            theirs.send(site.read(url, body))

    def read(url, body):
        ours.send((url, body))
        return ours.recv()

    process = get_context("fork").Process(target=work)
    process.start()
    try:
        return crawl_plainly(site, read)
    finally:
        ours.send(None)
        process.join()
