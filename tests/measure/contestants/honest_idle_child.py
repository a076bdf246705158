"""Keeps a child from crawl to crawl, which waits for work."""

import subprocess
import sys

from walking import crawl_plainly

child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def crawl(site, concurrency):
    return crawl_plainly(site)
