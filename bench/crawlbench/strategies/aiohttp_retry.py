"""All known pages at once, and again what went wrong, with aiohttp and aiohttp-retry.

Watch: the library asks again after answers of 5xx and what else it is told of, and waits longer
each time. That alone sees neither a body that breaks off nor a page that is not the site's: the
callback reads within its reach. What a server asks for in Retry-After comes first.
Compare with: `aiohttp_gather.py`, which gives up at the first fault.
Model: event loop. HTTP: 1.1.
"""

import asyncio

import aiohttp
from aiohttp_retry import ExponentialRetry, RetryClient

HEADERS = {"Accept-Encoding": "gzip"}
ATTEMPTS = 6


async def crawl(site, concurrency):
    """Crawl a site with one `RetryClient` and at most `concurrency` connections."""
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    again = {"statuses": {429}, "exceptions": {aiohttp.ClientConnectionError}}
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
        client = RetryClient(session, raise_for_status=True)

        class Patience(ExponentialRetry):
            def get_timeout(self, attempt, response=None):
                asked = response.headers.get("Retry-After", "") if response else ""
                return int(asked) if asked.isdigit() else super().get_timeout(attempt, response)

        async def fetch(url):
            pages = []

            async def is_final(response):
                if not response.ok:
                    return True  # what can be mended is in `again`, or 5xx
                try:
                    pages.append(site.read(str(response.url), await response.read()))
                except Exception:
                    return False
                return True

            patience = Patience(ATTEMPTS, evaluate_response_callback=is_final, **again)
            body = site.payload(url)
            async with client.request(
                site.method, url, json=body, retry_options=patience
            ) as response:
                return pages[-1] if pages else site.read(url, await response.read())

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
