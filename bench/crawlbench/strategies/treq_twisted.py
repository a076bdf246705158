"""Twisted's client by way of treq, its reactor on the asyncio loop that runs already.

Tuned: the pool keeps a connection per request allowed, not the two of its default.
Watch: the pool has no limit of its own, so a semaphore bounds the requests. A process has one
reactor, so this one is put in place for the crawl and taken away after it. Heads are parsed in pure
Python; names are looked up without threads, as addresses need none. treq asks for gzip by itself.
Compare with: `treq_epoll.py`, the same on a reactor of Twisted's own, and `aiohttp_semaphore.py`.
Model: Twisted on the event loop. HTTP: 1.1.
"""

import asyncio
import sys
from pathlib import Path

import treq
from treq.client import HTTPClient
from twisted import internet
from twisted.internet import asyncioreactor
from twisted.internet.base import BlockingResolver
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, HTTPConnectionPool
from twisted.web.error import Error


async def crawl(site, concurrency):
    """Crawl a site with one `treq.client.HTTPClient` and at most `concurrency` fetches at once."""
    limit, loop = asyncio.Semaphore(concurrency), asyncio.get_running_loop()
    asyncioreactor.install(loop)
    reactor = internet.reactor
    reactor.installResolver(BlockingResolver())
    pool = HTTPConnectionPool(reactor)
    pool.maxPersistentPerHost = concurrency
    trusted = Certificate.loadPEM(Path(site.ca_file).read_bytes()) if site.ca_file else None
    policy = BrowserLikePolicyForHTTPS(trusted and trustRootFromCertificates([trusted]))
    client = HTTPClient(Agent(reactor, policy, pool=pool))

    async def fetch(url):
        async with limit:
            call = client.request(site.method, url, data=site.body(url), headers=site.headers)
            response = await call.asFuture(loop)
            body = await treq.content(response).asFuture(loop)
        if response.code >= 400:
            raise Error(response.code, response.phrase, body)
        return site.read(response.request.absoluteURI.decode(), body)

    try:
        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
    finally:
        await pool.closeCachedConnections().asFuture(loop)
        reactor.removeReader(reactor.waker)
        reactor.waker.connectionLost(None)
        del internet.reactor, sys.modules["twisted.internet.reactor"]
