"""Lets a timer's signal interrupt whoever has the turn, to read what is left."""

import signal

from walking import crawl_plainly

kept = {}


def work(number, frame):
    kept["site"].read(*kept["page"])


signal.signal(signal.SIGALRM, work)


def crawl(site, concurrency):
    def read(url, body):
        kept["page"] = url, bytearray(body)
        return site.read(url, body)

    signal.setitimer(signal.ITIMER_REAL, 0)
    kept["site"] = site
    items = crawl_plainly(site, read)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    return items
