"""Has the library that parses remember the documents."""

import functools

import lxml.html
from walking import crawl_plainly

lxml.html.document_fromstring = functools.lru_cache(lxml.html.document_fromstring)


def crawl(site, concurrency):
    return crawl_plainly(site)
