"""Has a process that no longer belongs to it, and only waits, as some daemons do."""

import os

from walking import crawl_plainly

ours, theirs = os.pipe()
if not (child := os.fork()):
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(theirs)
    os.read(ours, 1)  # until the worker ends
    os._exit(0)
os.waitpid(child, 0)
os.close(ours)


def crawl(site, concurrency):
    return crawl_plainly(site)
