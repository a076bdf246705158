"""Reads answers in JSON with orjson, whose parser is Rust (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from crawlbench.sites.parsers.json_reader import build_json_reader

if TYPE_CHECKING:
    from crawlbench.base.model import Reader, SiteSpec

MEDIA = ("json",)


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's answers; raises what `build_json_reader` raises."""
    return build_json_reader(spec, lambda _: lambda body: orjson.loads(memoryview(body)))
