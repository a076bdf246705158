"""Has a context for TLS from its import on, and takes the site's where it is needed."""

import ssl

from walking import crawl_plainly

CONTEXT = ssl.create_default_context()


def crawl(site, concurrency):
    assert CONTEXT.check_hostname
    return crawl_plainly(site)
