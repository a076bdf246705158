"""Traces of crawls, made up."""

from __future__ import annotations

from crawlbench.base.records.trace import TracedRequest


def traced(cell, count=10, *, serial=False, page="/top250?start={}", **changes):
    """Return the requests of one crawl: a staircase, or a fan after the first page."""
    requests = []
    for number in range(count):
        start = number * 0.05 if serial or not number else 0.06 + number * 0.001
        settings = {
            "cell": cell,
            "connection": 1 if serial else number + 1,
            "http": "1.1",
            "page": page.format(number * 25),
            "status": 200,
            "wire_bytes": 12_000,
            "opened_s": 0.0,
            "arrived_s": start,
            "first_byte_s": start + 0.04,
            "last_byte_s": start + 0.041,
        }
        requests.append(TracedRequest(**{**settings, **changes}))
    return tuple(requests)
