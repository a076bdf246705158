"""Installs what tools install: a tracer of memory, a name for translations, another print."""

import builtins
import gettext
import io
import multiprocessing
import os
import random
import sys
import tracemalloc

from walking import crawl_plainly

import crawlbench

gettext.install("crawler")
builtins.print = lambda *what, **options: None
sys.stdout = io.StringIO()
tracemalloc.start()
random.seed(1)
os.environ.pop("SSL_CERT_FILE", None)
multiprocessing.set_start_method("spawn")
assert crawlbench.__name__


def crawl(site, concurrency):
    return crawl_plainly(site)
