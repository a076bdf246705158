"""Has a hook that counts calls, for its own crawl, and a function for the end."""

import atexit
import sys
from collections import Counter

from walking import crawl_plainly

calls = Counter()
atexit.register(calls.clear)


def count(frame, event, argument):
    calls[event] += 1


def crawl(site, concurrency):
    sys.setprofile(count)
    try:
        return crawl_plainly(site)
    finally:
        sys.setprofile(None)
