"""A crawl of what was imported, by the survey's reader."""

from crawlbench.archive.survey import Survey
from crawlbench.sites.custom import open_site
from crawlbench.sites.parsers.lxml import compile_reader as compile_lxml

SITE = """
name = "x"
start = "{start}"
pages = "site"
[[kinds]]
pattern = '/.*'
items = "{items}"
links = "//a[@href]"
[[kinds.fields]]
name = "title"
selector = "."
"""


def crawl(workshop, source, items="//title", start=None, extra=""):
    """Import, and crawl with the survey's reader; return items by page, findings and report."""
    report = workshop.run(source, start)
    site_file = workshop.folder / "x.toml"
    text = SITE.format(start=report.start, items=items).replace(
        'pages = "site"', f'pages = "site"{extra}'
    )
    site_file.write_text(text, encoding="utf-8")
    site = open_site(str(site_file), is_verified=False)
    survey = Survey(site, compile_lxml(site.spec))
    pages, found = site.spec.pages(), {}
    front, origin = [site.spec.path], "http://127.0.0.1:9"
    while front:
        address = front.pop(0)
        if address not in found:
            read = survey.read(origin + address, pages.read(address)[1])
            found[address] = [item.title for item in read.items]
            front += [link.removeprefix(origin) for link in read.links]
    return found, survey.finish(len(found)), report
