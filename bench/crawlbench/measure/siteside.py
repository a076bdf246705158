"""Loads a site and reports its facts: `python -m crawlbench.measure.siteside` (floor 3).

It names each page before it reads it, so that the manager knows which one takes so long.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.children import end_with_parent, open_channel, tell_error
from crawlbench.base.errors import BenchError, BrokenPluginError, UsageError
from crawlbench.base.model import USUAL_PARSERS, ListedSource
from crawlbench.base.text import count_of
from crawlbench.measure.expressions import ORIGIN
from crawlbench.measure.sitefacts import describe_site
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from crawlbench.base.children import Say
    from crawlbench.base.model import SiteSpec


def main() -> None:
    """Answer what the manager asks about one site."""
    end_with_parent()
    say = open_channel()
    end = os._exit  # bound before anybody can patch it
    job = json.loads(sys.stdin.readline())
    spec: SiteSpec | None = None
    try:
        spec = registry.load(registry.Kind.SITE, job["site"])
        facts = describe_site(spec, expects=job["expects"])
        if not facts.work:
            _require_enough_pages(spec)
        if job["reads"] and not _is_verified(spec) and not facts.work:
            _read_pages(spec, say)
        say({"facts": msgspec.to_builtins(facts)})
    except BenchError as error:
        tell_error(say, str(error), type(error))
    except BaseException as error:
        what = (
            f"fails when it is asked for its pages or items: {type(error).__name__}: {error}"
            if spec
            else registry.describe_failure(error)
        )
        text = f"site {job['site']!r} {what}; fix it"
        tell_error(say, text, BrokenPluginError)
    end(0)


def _is_verified(spec: SiteSpec) -> bool:
    """Return whether the same pages were read before, with the site as it is now."""
    return spec.name.endswith(".toml") and bool(spec.expected_pages)


def _require_enough_pages(spec: SiteSpec) -> None:
    """Refuse a site of fewer pages than a right crawl of it asks for: no strategy could be right.

    Raises:
        UsageError: it is one.
    """
    source = spec.pages()
    if isinstance(source, ListedSource) and spec.expected_pages > len(source.addresses()):
        raise UsageError(
            f"site {spec.name!r} expects {spec.expected_pages} requests, and has only "
            f"{count_of(len(source.addresses()), 'page')}; correct `expected_pages`"
        )


def _read_pages(spec: SiteSpec, say: Say) -> None:
    """Read each page; errors in it are reported when it is crawled."""
    source = spec.pages()
    if not isinstance(source, ListedSource):
        return
    read = registry.load(registry.Kind.PARSER, USUAL_PARSERS[spec.media])(spec)
    for address in source.addresses():
        say({"page": address})
        with suppress(Exception):
            read(ORIGIN + address, source.read(address)[1])


if __name__ == "__main__":
    main()
