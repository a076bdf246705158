"""Opens a connection for each page."""

from walking import connect, get, walk


def crawl(site, concurrency):
    def fetch(url):
        connection = connect(site)
        try:
            return get(connection, url)
        finally:
            connection.close()

    return walk(site, fetch)
