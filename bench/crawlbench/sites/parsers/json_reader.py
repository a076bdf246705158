"""What all JSON parsers share: taking an answer's items and links by their keys (floor 1).

In a JSON site a kind's `items` is the key of a list of objects, empty if the whole answer is one
item; a field's `xpath` is a key of that object, and `links` the key of a list of addresses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from crawlbench.base.errors import BlockedPageError, UsageError
from crawlbench.base.model import Buffer, Page, PageKind, Reader, SiteSpec

if TYPE_CHECKING:
    from collections.abc import Callable

_ORIGIN = re.compile(r"[a-z]+://[^/?#]*")


def build_json_reader(spec: SiteSpec, compile_loads: Callable[[PageKind], Any]) -> Reader:
    """Return a function that reads this site's answers.

    Args:
        spec: of the site.
        compile_loads: for a kind of page, returns what turns a body into an object with its keys.

    Raises:
        UsageError: the site's pages are not JSON.
    """
    if spec.media != "json":
        raise UsageError(
            f"the pages of the site {spec.name!r} are HTML, which parsers of JSON cannot read; use "
            "one of HTML, such as lxml"
        )
    kinds = [(re.compile(kind.pattern).fullmatch, kind, compile_loads(kind)) for kind in spec.kinds]

    def read(address: str, body: Buffer) -> Page:
        path = _ORIGIN.sub("", address, count=1)
        found = next((kind for kind in kinds if kind[0](path)), None)
        if found is None:
            raise BlockedPageError(f"{address} is not a page of the site {spec.name!r}")
        _, kind, loads = found
        try:
            answer = loads(body)
            objects = answer[kind.items] if kind.items else [answer] if kind.fields else []
            items = tuple(spec.item_type(**_values(one, kind)) for one in objects)
            links = [urljoin(address, link) for link in answer[kind.links]] if kind.links else []
            links = [link for link in links if _origin(link) == _origin(address)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BlockedPageError(
                f"{address} came with status 200 and {len(body)} bytes that are no answer of the "
                f"site's: {type(error).__name__}: {error}"
            ) from error
        return Page(items, tuple(spec.page_address(link) for link in links))

    return read


def _origin(address: str) -> str:
    found = _ORIGIN.match(address)
    return found[0] if found else ""


def _values(one: dict[str, Any], kind: PageKind) -> dict[str, Any]:
    return {field.name: field.convert(one[field.xpath]) for field in kind.fields}
