"""Keeps its client from crawl to crawl, but none of its connections."""

import requests
from walking import walk

session = requests.Session()
session.trust_env = False
session.headers["Accept-Encoding"] = "gzip"


def crawl(site, concurrency):
    def fetch(url):
        response = session.get(url, verify=site.ca_file or True)
        response.raise_for_status()
        return response.content

    try:
        return walk(site, fetch)
    finally:
        session.close()
