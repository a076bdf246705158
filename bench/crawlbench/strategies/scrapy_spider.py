"""A Scrapy spider in a process of its own: what people really run.

Tuned: the limits (8 per domain by default); certificates are checked; no log, console or proxies.
Watch: the framework queues, retries and calls back; a page that fails ends the crawl only after all
others. Its reactor runs once per process, hence a process of its own, by `fork` (not on Windows).
Compare with: `treq_twisted.py`, no framework. Model: Twisted, own process. HTTP: 1.1.
"""

import os
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


def crawl(site, concurrency):
    """Crawl a site with a spider and at most `concurrency` requests at once."""
    limits = dict.fromkeys(["CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN"], concurrency)
    items, seen, errors = [], {site.start}, []

    async def start(spider):
        yield scrapy.Request(site.start, errback=fail, dont_filter=True)

    def parse(spider, response):
        page = site.read(response.url, response.body)
        items.extend(page.items)
        links = [link for link in dict.fromkeys(page.links) if link not in seen]
        seen.update(links)  # as Scrapy's own filter drops some redirects without a word
        yield from response.follow_all(links, errback=fail, dont_filter=True)

    def fail(failure):
        answer = getattr(failure.value, "response", None)  # with which it does not pickle
        errors.append(RuntimeError(f"{answer}: {failure.value!r}") if answer else failure.value)

    def crawl_here():
        os.environ |= {"SSL_CERT_FILE": site.ca_file} if site.ca_file else {}  # here alone
        spider = {"name": "pages", "start": start, "parse": parse}
        process = CrawlerProcess(SETTINGS | limits)
        crawler = process.create_crawler(type("Spider", (scrapy.Spider,), spider))
        crawler.signals.connect(fail, scrapy.signals.spider_error)
        process.crawl(crawler)
        process.start(install_signal_handlers=False)
        if errors:
            raise errors[0]
        return items

    crawl.here = crawl_here  # where the other process finds it
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return pool.submit(methodcaller("here"), crawl).result()
