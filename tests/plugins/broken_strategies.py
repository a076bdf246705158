"""Strategies that are wrong on purpose, each in one way."""

import asyncio
import os
import signal
import threading
import time
from dataclasses import replace

import pyperf

from crawlbench.strategies import aiohttp_gather, requests_serial

crawls = 0


def drop(site, concurrency):
    """Leave out what the third page holds."""
    return [item for item in requests_serial.crawl(site, concurrency) if not 51 <= item.rank <= 75]


def swap(site, concurrency):
    """Give two movies each other's title."""
    items = requests_serial.crawl(site, concurrency)
    first, second, *others = sorted(items)
    return [replace(first, title=second.title), replace(second, title=first.title), *others]


def twice(site, concurrency):
    """Fetch the first page once more than is due."""
    import requests

    requests.get(site.start, timeout=10)
    return requests_serial.crawl(site, concurrency)


async def wrong_loop(site, concurrency):
    """Crawl on asyncio's own loop in a thread, whatever loop the cell asked for."""
    items = []

    def crawl_elsewhere():
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            items.extend(runner.run(aiohttp_gather.crawl(site, concurrency)))

    thread = threading.Thread(target=crawl_elsewhere)
    thread.start()
    thread.join()
    return items


def killed(site, concurrency):
    """Die as the kernel's out-of-memory killer would have it."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang(site, concurrency):
    """Never come back."""
    time.sleep(3600)


def leave(site, concurrency):
    """End the process with success."""
    os._exit(0)


def fail(site, concurrency):
    """Raise."""
    raise ValueError("a planted error\nwith a second line")


def fileless(site, concurrency):
    """Crawl rightly, but let pyperf write nothing."""
    pyperf.Benchmark.dump = lambda *args, **kwargs: None
    return requests_serial.crawl(site, concurrency)


def late(site, concurrency):
    """Be right until the calibration is over."""
    global crawls
    crawls += 1
    return (swap if crawls > 2 else requests_serial.crawl)(site, concurrency)
