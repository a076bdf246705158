"""Sets what services set: thread switches, recursion, warnings, signals, a fault handler."""

import faulthandler
import gc
import logging
import logging.handlers
import queue
import signal
import socket
import sys
import warnings

from walking import crawl_plainly

warnings.simplefilter("error")
logging.basicConfig(level=logging.DEBUG)
sys.setswitchinterval(0.001)
sys.setrecursionlimit(5_000)
gc.set_threshold(20_000, 50, 50)
faulthandler.enable()
socket.setdefaulttimeout(5)
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
log = logging.getLogger("crawler")
listener = logging.handlers.QueueListener(queue.SimpleQueue(), logging.StreamHandler())
log.addHandler(logging.handlers.QueueHandler(listener.queue))
listener.start()


def crawl(site, concurrency):
    log.info("crawling %s", site.start)
    return crawl_plainly(site)
