"""Lets Vega draw, in a process of its own: `python -m crawlbench.report.drawing` (floor 3).

Vega runs in V8, which ends its process when memory is short; in the command's own process it would
end the command. One line of JSON says what to make: an SVG from a chart of Vega-Lite, a PNG from an
SVG, or a bundle of Vega's scripts. The answer is what was made, or the error.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import vl_convert

from crawlbench.base.children import end_with_parent, open_channel


def main() -> None:
    """Make what the line of JSON asks for."""
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
