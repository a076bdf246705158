"""Several requests at a time on one HTTP/2 connection, with niquests.

Watch: tuned, as niquests gives a connection to one request at a time unless `multiplexed` is set. A
response is then a promise, and `gather` redeems those that have come. That needs HTTP/2 and so TLS:
over HTTP/1.1 the same lines ask for one page after the other.
Compare with: `niquests_async.py`, which opens a connection for each request in flight.
Model: event loop, promises. HTTP: 1.1, 2, 3.
"""

import niquests

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `AsyncSession` and at most `concurrency` requests in flight."""
    options = {"headers": HEADERS, "verify": site.ca_file or True, "pool_maxsize": concurrency}
    options["revocation_configuration"] = None  # as the other clients
    async with niquests.AsyncSession(multiplexed=True, **options) as session:
        session.trust_env = False  # no proxies, no netrc

        def read(response):
            response.raise_for_status()
            return site.read(response.url, response.content)

        async def fetch_all(urls):
            pages, promises = [], []
            for url in urls:
                promises.append(await session.request(site.method, url, json=site.payload(url)))
                if len(promises) >= concurrency:
                    await session.gather(*promises, max_fetch=1)
                    pages += [read(promise) for promise in promises if not promise.lazy]
                    promises = [promise for promise in promises if promise.lazy]
            await session.gather(*promises)
            return pages + [read(promise) for promise in promises]

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await fetch_all(front)
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
