"""Vega as vl-convert carries it: scripts for a page, pictures without a browser (floor 3).

vl-convert has an engine of JavaScript within, which ends its whole process where memory is short.
So it runs in a child, and a picture that cannot be drawn costs that picture.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from crawlbench.children import ChildEnded, ask
from crawlbench.errors import DrawingError

__all__ = ["make_png", "make_svg", "vega_scripts"]

PAINTER = "crawlbench.report.painter"
DEADLINE_S = 120.0
"""A picture takes a second, on a busy machine ten."""


@cache
def vega_scripts() -> str:
    """Return vega, vega-lite and vega-embed as one script that may stand in an HTML element.

    Raises:
        DrawingError: what draws has failed; so do the others.
    """
    bundle = _order({"what": "scripts"})
    # Within a script element these would end it; within JavaScript's strings they are the same.
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r", "")


def make_svg(spec: dict[str, Any]) -> str:
    """Return a chart of Vega-Lite as SVG."""
    return _order({"what": "svg", "spec": spec})


def make_png(svg: str, scale: float) -> bytes:
    """Return an SVG as PNG, so many times as large."""
    return base64.b64decode(_order({"what": "png", "svg": svg, "scale": scale}))


def _order(question: dict[str, Any]) -> str:
    try:
        answer = ask(PAINTER, question, DEADLINE_S)
    except TimeoutError:
        raise DrawingError(f"what draws gave no answer in {DEADLINE_S:g} s") from None
    except ChildEnded as end:
        raise DrawingError(f"what draws has {end}; it needs more memory or address space") from end
    if "error" in answer:
        raise DrawingError(f"what draws has failed: {answer['error']}")
    return str(answer["drawn"])
