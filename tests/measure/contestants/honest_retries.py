"""Would ask again after a reset, as an adapter of urllib3's does, and caches names."""

import functools
import socket

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry
from walking import walk

resolve = functools.lru_cache(socket.getaddrinfo)


def crawl(site, concurrency):
    resolve("127.0.0.1", 80)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = site.ca_file or True
        session.headers["Accept-Encoding"] = "gzip"
        session.mount("http://", HTTPAdapter(max_retries=Retry(5, backoff_factor=0.01)))

        def fetch(url):
            response = session.get(url, timeout=(3, 30))
            response.raise_for_status()
            return response.content

        return walk(site, fetch)
