"""Tries a site's expressions on one page: `python -m crawlbench.measure.expressions` (floor 3).

It names each expression before it tries it, so that whoever listens knows which one takes so long.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from crawlbench.base.children import end_with_parent, open_channel
from crawlbench.plugins import registry
from crawlbench.sites.parsers.lxml import Lxml
from crawlbench.sites.sitefile import load_site_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crawlbench.base.model import Field, PageKind, SiteSpec
    from crawlbench.sites.sitefile import SiteFile

ORIGIN = "http://127.0.0.1"
"""A reader needs whole addresses; no expression sees this part."""


def main() -> None:
    """Try the expressions that the job names."""
    end_with_parent()
    say = open_channel()
    end = os._exit  # bound before anybody can patch it
    job = json.loads(sys.stdin.readline())
    with suppress(Exception):  # whoever reads the page reports what is wrong
        spec: SiteSpec = registry.load(registry.Kind.SITE, job["site"])
        path = Path(job["site"])
        file = load_site_file(path) if path.suffix == ".toml" else None
        body = spec.pages().read(job["page"])[1]
        try_expressions(spec, file, job["page"], body, lambda name: say({"tries": name}))
    say({"done": True})
    end(0)


def try_expressions(
    spec: SiteSpec, file: SiteFile | None, page: str, body: bytes, note: Callable[[str], None]
) -> None:
    """Try the site's expressions for a page on that page.

    Args:
        spec: the site's specification.
        file: the site file, for the text of its regular expressions; None if the site has no file.
        page: the page's address, without its origin.
        body: the page's bytes.
        note: called with the name of each expression before it is tried.
    """
    kind_at = _find_kind(spec.kinds, page, note)
    if kind_at is None or spec.media != "html":
        return
    kind, where = spec.kinds[kind_at], f"kinds[{kind_at}]"
    toolkit = Lxml(spec.encoding)
    document = toolkit.parse(spec.as_utf8(ORIGIN + page, body) if spec.as_utf8 else body)
    if kind.items:
        note(_name(f"{where}.items", kind.items))
        nodes = toolkit.compile_nodes(kind.items)(document)
        written = file.kinds[kind_at].fields if file else ()
        regexes = {field.name: field.regex for field in written}

        def note_field(name: str, expression: str) -> None:
            note(_name(f"{where}.{name}", expression))

        _try_fields(toolkit, nodes, kind.fields, regexes, note_field)
    if kind.links:
        note(_name(f"{where}.links", kind.links))
        for anchor in toolkit.compile_nodes(kind.links)(document):
            _find_kind(spec.kinds, urljoin(page, toolkit.href(anchor)), note)


def _find_kind(kinds: Iterable[PageKind], page: str, note: Callable[[str], None]) -> int | None:
    for number, kind in enumerate(kinds):
        note(_name(f"kinds[{number}].pattern", kind.pattern))
        if re.fullmatch(kind.pattern, page):
            return number
    return None


def _try_fields(
    toolkit: Lxml,
    nodes: Iterable[Any],
    fields: Iterable[Field],
    regexes: dict[str, str | None],
    note: Callable[[str, str], None],
) -> None:
    finders = [(field, toolkit.compile_text(field.xpath)) for field in fields]
    for node in nodes:
        for field, find in finders:
            note(f"{field.name}.selector", field.xpath)
            text = find(node).strip()
            regex = regexes.get(field.name) or ""
            note(f"{field.name}.{'regex' if regex else 'convert'}", regex)
            with suppress(Exception):
                field.convert(text)


def _name(where: str, expression: str) -> str:
    """Return where an expression stands, and its text if that is known."""
    said = getattr(expression, "css", expression)
    return f"{where} '{said}'" if said else where


if __name__ == "__main__":
    main()
