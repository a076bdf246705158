"""Counts how often garbage is collected, as a monitor does."""

import gc

from walking import crawl_plainly

counts = {"start": 0, "stop": 0}


def count(phase, info):
    counts[phase] += 1


gc.callbacks.append(count)


def crawl(site, concurrency):
    return crawl_plainly(site)
