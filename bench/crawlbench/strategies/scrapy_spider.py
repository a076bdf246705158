"""A Scrapy spider in a process of its own, on the kind of event loop that runs here.

Tuned: the limits (8 per domain by default); certificates are checked; no log, console or proxies.
Watch: the framework queues, retries and calls back; a page that fails ends the crawl only after all
others. A reactor runs once per process, hence one of its own, by `fork` (not on Windows): its
default, Twisted's on asyncio. Pages come by its default handler, for HTTP/1.1.
Compare with: `treq_twisted.py`, no framework. Model: Twisted, own process. HTTP: 1.1.
"""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from operator import methodcaller

import scrapy
from scrapy.core.downloader.handlers import http11  # noqa: F401  (else each crawl would import it)
from scrapy.crawler import CrawlerProcess
from scrapy.settings import default_settings
from scrapy.utils.misc import load_object

HEADERS = {"Accept-Encoding": "gzip"}
SETTINGS = {"DEFAULT_REQUEST_HEADERS": HEADERS, "DOWNLOAD_VERIFY_CERTIFICATES": True}
SETTINGS |= dict.fromkeys(("HTTPPROXY_ENABLED", "LOG_ENABLED", "TELNETCONSOLE_ENABLED"), False)
for part in default_settings.DOWNLOADER_MIDDLEWARES_BASE | default_settings.EXTENSIONS_BASE:
    load_object(part)  # else each crawl would import it


async def crawl(site, concurrency):
    """Crawl a site with a spider and at most `concurrency` requests at once."""
    limits = dict.fromkeys(["CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN"], concurrency)
    here, items, seen, errors = asyncio.get_running_loop(), [], {site.start}, []
    loop = {"ASYNCIO_EVENT_LOOP": f"{type(here).__module__}.{type(here).__qualname__}"}
    call = {"method": site.method, "headers": site.headers, "dont_filter": True}

    def ask(url):
        return scrapy.Request(url, body=site.body(url), errback=fail, **call)

    async def start(spider):
        yield ask(site.start)

    def parse(spider, response):
        page = site.read(response.url, response.body)
        items.extend(page.items)
        links = [link for link in dict.fromkeys(page.links) if link not in seen]
        seen.update(links)  # as Scrapy's own filter drops some redirects without a word
        yield from map(ask, links)

    def fail(failure):
        answer = getattr(failure.value, "response", None)  # with which it does not pickle
        errors.append(RuntimeError(f"{answer}: {failure.value!r}") if answer else failure.value)

    def crawl_here():
        process = CrawlerProcess(SETTINGS | limits | loop)
        spider = {"name": "pages", "start": start, "parse": parse}
        crawler = process.create_crawler(type("Spider", (scrapy.Spider,), spider))
        crawler.signals.connect(fail, scrapy.signals.spider_error)
        process.crawl(crawler)
        process.start(install_signal_handlers=False)
        if errors:
            raise errors[0]
        return items

    crawl.here = crawl_here  # where the other process finds it
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return await here.run_in_executor(pool, methodcaller("here"), crawl)
