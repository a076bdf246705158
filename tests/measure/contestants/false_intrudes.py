"""Has a thread ask for pages while others are measured, slowly enough to use little CPU time."""

import threading
import time

from walking import connect, crawl_plainly, get

started = []


def intrude(site):
    connection = connect(site)
    time.sleep(0.05)  # until its own turn is over, on a busy machine too
    while True:
        time.sleep(0.004)
        get(connection, site.start)


def crawl(site, concurrency):
    items = crawl_plainly(site)
    if not started:
        started.append(threading.Thread(target=intrude, args=(site,), daemon=True))
        started[0].start()
    return items
