"""Has an object with all that a crawl knows, which goes with it."""

from dataclasses import dataclass, field

from walking import connect, get


@dataclass
class Crawl:
    site: object
    items: list = field(default_factory=list)
    seen: set = field(default_factory=set)

    def run(self):
        self.connection = connect(self.site)
        try:
            self.visit(self.site.start)
        finally:
            self.connection.close()
        return tuple(self.items)

    def visit(self, url):
        self.seen.add(url)
        page = self.site.read(url, get(self.connection, url))
        self.items.extend(page.items)
        for link in page.links:
            if link not in self.seen:
                self.visit(link)


def crawl(site, concurrency):
    return Crawl(site).run()
