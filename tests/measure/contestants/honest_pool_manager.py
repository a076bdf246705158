"""Keeps a manager of pools, which it clears after each crawl, and patches how it connects."""

import urllib3
from urllib3.util import connection
from walking import walk

create, addresses = connection.create_connection, set()


def create_and_note(address, *more, **options):
    addresses.add(address)
    return create(address, *more, **options)


connection.create_connection = create_and_note
manager = urllib3.PoolManager(maxsize=4)


def crawl(site, concurrency):
    def fetch(url):
        return manager.request("GET", url, headers={"Accept-Encoding": "gzip"}).data

    try:
        return walk(site, fetch)
    finally:
        manager.clear()
