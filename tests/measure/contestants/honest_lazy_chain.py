"""Returns what gives its items one by one, once somebody asks for them."""

import itertools

from walking import connect, get


def crawl(site, concurrency):
    connection, seen, front = connect(site), {site.start}, [site.start]

    def pages():
        try:
            while front:
                url = front.pop()
                page = site.read(url, get(connection, url))
                links = [link for link in dict.fromkeys(page.links) if link not in seen]
                seen.update(links)
                front.extend(links)
                yield page.items
        finally:
            connection.close()

    return itertools.chain.from_iterable(pages())
