"""Lets Vega draw, in a process of its own: `python -m crawlbench.report.drawing` (floor 3).

It runs V8, which ends its process when memory is short and would take the command with it. It reads
one line of JSON, with a Vega-Lite chart and a version, or neither, and reports what was drawn.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import vl_convert

from crawlbench.base.children import end_with_parent, open_channel

__all__ = ["main"]


def main() -> None:
    """Draw the picture that the line of JSON describes."""
    end_with_parent()
    say = open_channel()
    try:
        say({"drawn": _draw(**json.loads(sys.stdin.readline()))})
    except Exception as error:  # whatever its Rust code raises
        say({"error": f"{type(error).__name__}: {error}"})


def _draw(what: str, **options: Any) -> str:  # noqa: ANN401  (as vl-convert takes them)
    if what == "png":
        return base64.b64encode(vl_convert.svg_to_png(**options)).decode()
    draw = vl_convert.vegalite_to_svg if what == "svg" else vl_convert.javascript_bundle
    return str(draw(**options))


if __name__ == "__main__":
    main()
