"""Has a client of its own, made of one that everybody knows."""

import requests
from requests.adapters import HTTPAdapter
from walking import walk


class Client(requests.Session):
    def __init__(self, site):
        super().__init__()
        self.trust_env = False
        self.verify = site.ca_file or True
        self.headers["Accept-Encoding"] = "gzip"
        self.mount("http://", HTTPAdapter(pool_maxsize=1))

    def fetch(self, url):
        response = self.get(url)
        response.raise_for_status()
        return response.content


def crawl(site, concurrency):
    with Client(site) as client:
        return walk(site, client.fetch)
