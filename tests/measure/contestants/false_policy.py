"""Sets an event loop policy, so that other loops than the cell names may run."""

import asyncio

from walking import crawl_plainly


class Policy(type(asyncio.get_event_loop_policy())):
    pass


asyncio.set_event_loop_policy(Policy())


def crawl(site, concurrency):
    return crawl_plainly(site)
