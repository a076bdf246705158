"""Vega, as vl-convert bundles it: scripts for pages, and pictures without a browser (floor 3)."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from altair.utils._importers import vl_version_for_vl_convert

from crawlbench.base.cache import UNUSED_S, cache_folder, remove_old
from crawlbench.base.children import ChildEnded, PlainChild
from crawlbench.base.errors import DrawingError
from crawlbench.base.storage import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.report.charts.chart import Spec

CHILD = "crawlbench.report.drawing"
DEADLINE_S = 120.0
"""The longest time that one picture may take, on a busy machine."""


@cache
def vega_scripts() -> str:
    """Return vega, vega-lite and vega-embed as one script that may stand in an HTML element.

    To bundle them takes longer than all the rest of a page, so they are kept in the user's cache.

    Raises:
        DrawingError: the process that draws fails; `make_svg` and `make_png` raise it too.
    """
    vega_lite = vl_version_for_vl_convert()
    try:
        folder = cache_folder() / f"vega-{version('vl-convert-python')}-{vega_lite}"
    except RuntimeError:  # a user without a home
        return _bundle(vega_lite)
    with suppress(OSError, UnicodeDecodeError):
        return _read_kept(folder)
    script = _bundle(vega_lite)
    with suppress(OSError):  # a full disk costs time, and no page
        remove_old(folder.parent, "vega-", UNUSED_S)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / _name(script), script)
    return script


def _read_kept(folder: Path) -> str:
    """Return the script that the folder holds, if it is whole; an OSError otherwise."""
    for path in folder.glob("*.js"):
        script = path.read_bytes().decode()
        if path.name == _name(script):
            return script
    raise FileNotFoundError


def _name(script: str) -> str:
    # By its digest, so that a file that a disk or somebody has changed is not used.
    return f"{hashlib.sha256(script.encode()).hexdigest()}.js"


def _bundle(vega_lite: str) -> str:
    bundle = _draw("scripts", vl_version=vega_lite)
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
