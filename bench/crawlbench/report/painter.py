"""Draws one thing in a process of its own: `python -m crawlbench.report.painter` (floor 3).

Reads a line of JSON with what is wanted, and says what was drawn.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

from altair.utils._importers import import_vl_convert, vl_version_for_vl_convert

from crawlbench.children import end_with_parent, open_channel

__all__ = ["main"]


def main() -> None:
    """Draw what is asked for."""
    end_with_parent()
    say = open_channel()
    try:
        say({"drawn": _draw(json.loads(sys.stdin.readline()))})
    except Exception as error:  # whatever it is, the manager says it
        say({"error": f"{type(error).__name__}: {error}"})


def _draw(wanted: dict[str, Any]) -> str:
    convert = import_vl_convert()
    if wanted["what"] == "scripts":
        return str(convert.javascript_bundle(vl_version=vl_version_for_vl_convert()))
    if wanted["what"] == "svg":
        version = vl_version_for_vl_convert()
        return str(convert.vegalite_to_svg(wanted["spec"], vl_version=version))
    png: bytes = convert.svg_to_png(wanted["svg"], scale=wanted["scale"])
    return base64.b64encode(png).decode()


if __name__ == "__main__":
    main()
