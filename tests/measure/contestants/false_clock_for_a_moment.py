"""Replaces the stopwatch's clock, which puts itself back when it is read."""

from walking import crawl_plainly

from crawlbench.base import stopwatch

true_clock = stopwatch.perf_counter


def read_once():
    stopwatch.perf_counter = true_clock
    return true_clock() - 0.001


def crawl(site, concurrency):
    items = crawl_plainly(site)
    stopwatch.perf_counter = read_once
    return items
