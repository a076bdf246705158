"""What the contestants here have in common: http.client, page after page."""

from __future__ import annotations

import gzip
import http.client
from multiprocessing import get_context
from urllib.parse import urlsplit

HEADERS = {"Accept-Encoding": "gzip"}


def connect(site):
    at = urlsplit(site.start)
    if at.scheme == "https":
        return http.client.HTTPSConnection(at.netloc, context=site.tls)
    return http.client.HTTPConnection(at.netloc)


def get(connection, url, method="GET", headers=HEADERS):
    at = urlsplit(url)
    connection.request(method, f"{at.path}?{at.query}" if at.query else at.path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise OSError(f"{url} answered {response.status}")
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def walk(site, fetch, read=None):
    read = read or site.read
    items, seen, front = [], {site.start}, [site.start]
    while front:
        url = front.pop(0)
        page = read(url, fetch(url))
        items += page.items
        front += (links := [link for link in dict.fromkeys(page.links) if link not in seen])
        seen.update(links)
    return items


def crawl_plainly(site, read=None):
    connection = connect(site)
    try:
        return walk(site, lambda url: get(connection, url), read)
    finally:
        connection.close()


def crawl_by_child(site, begin=lambda: None):
    ours, theirs = get_context("fork").Pipe()

    def work():
        begin()
        for url, body in iter(theirs.recv, None):
            theirs.send(site.read(url, body))

    def read(url, body):
        ours.send((url, body))
        return ours.recv()

    process = get_context("fork").Process(target=work)
    process.start()
    try:
        return crawl_plainly(site, read)
    finally:
        ours.send(None)
        process.join()
