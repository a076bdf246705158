"""Keeps its connections for five milliseconds after each crawl."""

import threading
from concurrent.futures import ThreadPoolExecutor

from walking import connect, get

idle, timers = [], []


def tidy():
    while idle:
        idle.pop().close()


def crawl(site, concurrency):
    if timers:
        timers.pop().cancel()

    def fetch(url):
        try:
            connection = idle.pop()
        except IndexError:
            connection = connect(site)
        body = get(connection, url)
        idle.append(connection)
        return site.read(url, body)

    items, seen, front = [], {site.start}, [site.start]
    with ThreadPoolExecutor(concurrency) as pool:
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = dict.fromkeys(link for page in pages for link in page.links)
            front = [link for link in links if link not in seen]
            seen.update(front)
    timers.append(threading.Timer(0.005, tidy))
    timers[0].start()
    return items
