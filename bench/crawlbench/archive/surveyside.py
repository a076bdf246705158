"""Surveys a user's own site: `python -m crawlbench.archive.surveyside` (floor 4).

It reads the site's name and loads the site, then reads the mirror's address and crawls the site. It
prints the name of each page before reading it. The user's expressions and code run only here.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import msgspec

from crawlbench.archive.survey import Survey
from crawlbench.base.children import end_with_parent, open_channel, tell_error
from crawlbench.base.errors import BenchError, CellError
from crawlbench.measure.crawling import make_site
from crawlbench.plugins import registry
from crawlbench.sites.addresses import split_origin
from crawlbench.sites.custom import open_site

if TYPE_CHECKING:
    from crawlbench.base.children import Say
    from crawlbench.base.model import Buffer, Page

STRATEGY = "requests-serial"
"""One page after the other, so that items come in the site's order."""


def main() -> None:
    """Survey one site."""
    end_with_parent()
    say = open_channel()
    end = os._exit  # we do not wait for threads that are left
    try:
        _survey(json.loads(sys.stdin.readline())["site"], say)
    except BenchError as error:
        tell_error(say, str(error), type(error))
    except Exception as error:
        text = f"the crawl failed: {type(error).__name__}: {error}"
        tell_error(say, text, CellError)
    end(0)


def _survey(name: str, say: Say) -> None:
    site = open_site(name, is_verified=False)
    survey = Survey(site, registry.load(registry.Kind.PARSER, "lxml")(site.spec))
    crawl = registry.load(registry.Kind.STRATEGY, STRATEGY)
    say({"title": site.file.name, "path": site.spec.path})

    def read(url: str, buffer: Buffer) -> Page:
        say({"page": split_origin(url)[1]})
        return survey.read(url, buffer)

    mirror = json.loads(sys.stdin.readline())
    crawl(make_site(site.spec, mirror["origin"] + site.spec.path, read, mirror["ca_file"]), 1)
    say({"crawled": True})
    findings = survey.finish(json.loads(sys.stdin.readline())["requests"])
    say({"findings": msgspec.to_builtins(findings)})


if __name__ == "__main__":
    main()
