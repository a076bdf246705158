"""Vega, as vl-convert bundles it: scripts for pages, and pictures without a browser (floor 3)."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING

from altair.utils._importers import vl_version_for_vl_convert

from crawlbench.base.children import ChildEnded, PlainChild
from crawlbench.base.errors import DrawingError

if TYPE_CHECKING:
    from crawlbench.report.charts.chart import Spec

CHILD = "crawlbench.report.drawing"
DEADLINE_S = 120.0
"""The longest time that one picture may take, on a busy machine."""


@cache
def vega_scripts() -> str:
    """Return vega, vega-lite and vega-embed as one script that may stand in an HTML element.

    Raises:
        DrawingError: the process that draws fails; `make_svg` and `make_png` raise it too.
    """
    bundle = _draw("scripts", vl_version=vl_version_for_vl_convert())
    # In a script element these would end it; in JavaScript strings both spellings mean the same.
    # HTML reads a carriage return as a line feed, and the script would not have its hash any more.
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r", "")


def make_svg(spec: Spec) -> str:
    """Return a chart of Vega-Lite as SVG."""
    return _draw("svg", vl_spec=spec, vl_version=vl_version_for_vl_convert())


def make_png(svg: str, scale: float) -> bytes:
    """Return an SVG as PNG, enlarged by a factor."""
    return base64.b64decode(_draw("png", svg=svg, scale=scale))


def _draw(what: str, **options: object) -> str:
    child = PlainChild(CHILD)
    try:
        child.say({"what": what, **options})
        told = child.hear(DEADLINE_S)
    except TimeoutError:
        raise DrawingError(f"nothing was drawn within {DEADLINE_S:g} s") from None
    except ChildEnded as end:
        raise DrawingError(f"the process that draws {end}") from end
    finally:
        child.end()
    if "error" in told:
        raise DrawingError(f"the chart cannot be drawn: {told['error']}")
    return str(told["drawn"])
