"""Makes a tree of each page, as a browser does, and has the text of that tree read."""

import lxml.html
from walking import crawl_plainly

parser = lxml.html.HTMLParser(encoding="utf-8")


def crawl(site, concurrency):
    def read(url, body):
        tree = lxml.html.document_fromstring(body, parser=parser)
        return site.read(url, lxml.html.tostring(tree, encoding="utf-8"))

    return crawl_plainly(site, read)
