"""Has a session for each thread, which notes them so that all are closed in the end."""

import threading
from concurrent.futures import ThreadPoolExecutor

import requests

local = threading.local()


def crawl(site, concurrency):
    sessions = []

    def begin():
        local.session = requests.Session()
        local.session.trust_env = False
        local.session.verify = site.ca_file or True
        local.session.headers["Accept-Encoding"] = "gzip"
        sessions.append(local.session)

    def fetch(url):
        response = local.session.get(url)
        response.raise_for_status()
        return site.read(response.url, response.content)

    items, seen, front = [], {site.start}, [site.start]
    with ThreadPoolExecutor(concurrency, initializer=begin) as pool:
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = dict.fromkeys(link for page in pages for link in page.links)
            front = [link for link in links if link not in seen]
            seen.update(front)
    for session in sessions:
        session.close()
    return items
