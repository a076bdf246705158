"""Reads answers in JSON with msgspec, into structs of the fields that are wanted (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from crawlbench.sites.parsers.json_reader import build_json_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.model import PageKind, Reader, SiteSpec

MEDIA = ("json",)


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's answers; raises what `build_json_reader` raises."""
    return build_json_reader(spec, _compile)


def _compile(kind: PageKind) -> Callable[[Any], Any]:
    """Return a decoder that skips what no field asks for, as msgspec's documentation advises."""
    fields: list[tuple[str, Any]] = [(field.xpath, Any) for field in kind.fields]
    if kind.items:
        fields = [(kind.items, list[_define("Item", fields)])]  # type: ignore[misc]
    if kind.links:
        fields.append((kind.links, list[str]))
    return msgspec.json.Decoder(_define("Answer", fields)).decode


def _define(name: str, fields: list[tuple[str, Any]]) -> type[msgspec.Struct]:
    namespace = {"__getitem__": lambda item, key: getattr(item, key)}  # noqa: PLW0108  (a method)
    return msgspec.defstruct(name, fields, namespace=namespace, gc=False)
