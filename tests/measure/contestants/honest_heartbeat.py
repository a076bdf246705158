"""Has a thread that looks around a few times a second, as pools do."""

import threading
import time

from walking import crawl_plainly


def look_around():
    while True:
        time.sleep(0.5)


threading.Thread(target=look_around, daemon=True).start()


def crawl(site, concurrency):
    return crawl_plainly(site)
