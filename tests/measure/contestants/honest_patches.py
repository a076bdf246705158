"""Patches the standard library for gevent, as its manual says."""

from gevent import monkey

monkey.patch_all()

from gevent.pool import Pool  # noqa: E402
from walking import connect, get  # noqa: E402


def crawl(site, concurrency):
    def fetch(url):
        connection = connect(site)
        try:
            return site.read(url, get(connection, url))
        finally:
            connection.close()

    items, seen, front = [], {site.start}, [site.start]
    while front:
        pages = Pool(concurrency).map(fetch, front)
        items += [item for page in pages for item in page.items]
        links = dict.fromkeys(link for page in pages for link in page.links)
        front = [link for link in links if link not in seen]
        seen.update(front)
    return items
