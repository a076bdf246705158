"""Twisted's client by way of treq, on Twisted's own reactor: what its users have by default.

Tuned: the pool keeps a connection per request allowed, not two; names are looked up in place.
Watch: on Linux that reactor is epoll. It runs once per process, hence one of its own, by `fork`.
Compare with: `treq_twisted.py`, the same client on the loop of asyncio that runs already.
Model: Twisted, own process. HTTP: 1.1.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from operator import methodcaller
from pathlib import Path

import treq
from treq.client import HTTPClient
from twisted.internet.base import BlockingResolver
from twisted.internet.defer import DeferredSemaphore, ensureDeferred, gatherResults
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, HTTPConnectionPool


def crawl(site, concurrency):
    """Crawl a site with one `treq.client.HTTPClient` and at most `concurrency` fetches at once."""
    limit = DeferredSemaphore(concurrency)
    trusted = Certificate.loadPEM(Path(site.ca_file).read_bytes()) if site.ca_file else None
    policy = BrowserLikePolicyForHTTPS(trusted and trustRootFromCertificates([trusted]))

    def crawl_here():
        from twisted.internet import reactor  # noqa: PLC0415  (installs it: here alone)

        reactor.installResolver(BlockingResolver())

        async def crawl_all():
            pool = HTTPConnectionPool(reactor)
            pool.maxPersistentPerHost = concurrency
            client = HTTPClient(Agent(reactor, policy, pool=pool))

            async def fetch(url):
                call = client.request(site.method, url, data=site.body(url), headers=site.headers)
                response = await call
                body = await treq.content(response)
                if response.code >= 400:
                    raise OSError(f"{url} answered {response.code}")
                return site.read(response.request.absoluteURI.decode(), body)

            items, seen, front = [], {site.start}, [site.start]
            while front:
                coming = [limit.run(lambda url: ensureDeferred(fetch(url)), url) for url in front]
                pages = await gatherResults(coming, consumeErrors=True)
                items += [item for page in pages for item in page.items]
                links = [link for page in pages for link in page.links]
                front = [link for link in dict.fromkeys(links) if link not in seen]
                seen.update(front)
            await pool.closeCachedConnections()
            return items

        outcome = []
        ensureDeferred(crawl_all()).addBoth(outcome.append).addBoth(lambda _: reactor.stop())
        reactor.run(installSignalHandlers=False)
        if isinstance(found := outcome[0], list):
            return found
        error = getattr(found.value, "subFailure", found).value  # of the first that failed
        raise OSError(repr(error)) if type(error).__module__.startswith("twisted") else error

    crawl.here = crawl_here  # where the other process finds it
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return pool.submit(methodcaller("here"), crawl).result()
