"""Vega as vl-convert carries it: scripts for a page, pictures without a browser (floor 3)."""

from __future__ import annotations

from functools import cache
from typing import Any

from altair.utils._importers import import_vl_convert, vl_version_for_vl_convert

__all__ = ["make_png", "make_svg", "vega_scripts"]


@cache
def vega_scripts() -> str:
    """Return vega, vega-lite and vega-embed as one script that may stand in an HTML element."""
    bundle: str = import_vl_convert().javascript_bundle(vl_version=vl_version_for_vl_convert())
    # Within a script element these would end it; within JavaScript's strings they are the same.
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r", "")


def make_svg(spec: dict[str, Any]) -> str:
    """Return a chart of Vega-Lite as SVG."""
    convert = import_vl_convert().vegalite_to_svg
    svg: str = convert(spec, vl_version=vl_version_for_vl_convert())
    return svg


def make_png(svg: str, scale: float) -> bytes:
    """Return an SVG as PNG, so many times as large."""
    png: bytes = import_vl_convert().svg_to_png(svg, scale=scale)
    return png
