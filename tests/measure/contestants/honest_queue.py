"""Has a thread that reads what the other one fetches, and is waited for."""

import queue
import threading

from walking import connect, get


def crawl(site, concurrency):
    bodies, addresses, items = queue.Queue(), queue.Queue(), []

    def read_all():
        for url, body in iter(bodies.get, None):
            page = site.read(url, body)
            items.extend(page.items)
            addresses.put(page.links)

    thread = threading.Thread(target=read_all)
    thread.start()
    connection, seen, front = connect(site), {site.start}, [site.start]
    while front:
        url = front.pop()
        bodies.put((url, get(connection, url)))
        links = [link for link in dict.fromkeys(addresses.get()) if link not in seen]
        seen.update(links)
        front += links
    bodies.put(None)
    thread.join()
    connection.close()
    return items
