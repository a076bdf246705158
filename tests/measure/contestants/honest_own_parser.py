"""Looks at the pages with a parser of its own too, and logs what it sees."""

import logging
from html.parser import HTMLParser

from walking import crawl_plainly

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())


class Titles(HTMLParser):
    is_in = False

    def handle_starttag(self, tag, attributes):
        self.is_in = tag == "title"

    def handle_data(self, data):
        if self.is_in:
            log.warning("title: %s", data.strip())
            self.is_in = False


def crawl(site, concurrency):
    def read(url, body):
        Titles().feed(body.decode())
        return site.read(url, body)

    return crawl_plainly(site, read)
