"""Asks for the heads of pages whose bodies it has from before."""

from walking import connect, get, walk

kept = {}


def crawl(site, concurrency):
    connection = connect(site)

    def fetch(url):
        path = url.split("/", 3)[3]
        if path in kept:
            get(connection, url, "HEAD")
        else:
            kept[path] = get(connection, url)
        return kept[path]

    try:
        return walk(site, fetch)
    finally:
        connection.close()
