"""Has more requests in flight than it is allowed."""

from concurrent.futures import ThreadPoolExecutor

from walking import connect, get


def crawl(site, concurrency):
    def fetch(url):
        connection = connect(site)
        try:
            return site.read(url, get(connection, url))
        finally:
            connection.close()

    items, seen, front = [], {site.start}, [site.start]
    with ThreadPoolExecutor(concurrency * 3) as pool:
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = dict.fromkeys(link for page in pages for link in page.links)
            front = [link for link in links if link not in seen]
            seen.update(front)
    return items
