"""The colours of pages and pictures, each for light and dark (floor 3; pure).

In a page a colour is a CSS variable, so that light, dark and print need no redrawing. A picture on
its own has the light colours as such, which every viewer knows, and a style that replaces them
where the reader prefers dark.
"""

from __future__ import annotations

import re
from typing import Any

FONT = "system-ui, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"

COLOURS = {
    "paper": ("#ffffff", "#14181d"),
    "panel": ("#f4f6f8", "#1d232a"),
    "ink": ("#1f2328", "#e6e9ed"),
    "soft": ("#545d68", "#a9b2bd"),
    "line": ("#d5dbe1", "#39424d"),
    "band": ("#e2e8f0", "#2c3642"),
    "link": ("#0b57a4", "#7ab7ff"),
    "faster": ("#08735a", "#3fcf9f"),
    "slower": ("#b03a00", "#ff9a5e"),
    "same": ("#3b5998", "#92b2ff"),
    "unclear": ("#7a5f00", "#e2bf4d"),
    "invalid": ("#b1241d", "#ff8b82"),
    "parse": ("#3a0f6b", "#e6cdf2"),
    "client": ("#1b66c9", "#5aa5f7"),
    "system": ("#c07a00", "#e8a93a"),
    "wait": ("#b8c1cc", "#56616e"),
}
"""Name to its light and its dark value; no two share the light one. Text has 4.5:1 or more.

The lightness of the parts of a bar differs, so that the colour-blind can tell them apart too.
"""

VERDICTS = {
    "faster": "faster",
    "slower": "slower",
    "same": "same",
    "unclear": "soft",
    "invalid": "invalid",
    "not supported": "soft",
    "no values": "soft",
    "baseline": "soft",
    "control": "soft",
    "reference": "soft",
}
"""Verdict, or what takes its place, to its colour."""
SUPPORT = {
    "works": "faster",
    "not implemented": "unclear",
    "wrong": "slower",
    "crashes": "invalid",
    "hangs": "invalid",
    "not here": "soft",
}
"""Outcome of an event loop at a probe, to its colour."""

_VARIABLE = re.compile(r"var\(--([a-z]+)\)")


def colour(name: str) -> str:
    """Return a colour under the name that a page's charts use."""
    # A browser says nothing of a variable that nobody has set.
    if name not in COLOURS:
        raise KeyError(name)
    return f"var(--{name})"


def css() -> str:
    """Return the variables: dark where the reader prefers it, light on paper."""
    light, dark = (
        "".join(f"--{name}:{pair[place]};" for name, pair in COLOURS.items()) for place in (0, 1)
    )
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    )


def resolve(spec: Any) -> Any:  # noqa: ANN401  (JSON)
    """Return a chart's description with plain light colours, for viewers without CSS."""
    if isinstance(spec, dict):
        return {key: resolve(value) for key, value in spec.items()}
    if isinstance(spec, list):
        return [resolve(value) for value in spec]
    if isinstance(spec, str):
        return _VARIABLE.sub(lambda found: COLOURS[found[1]][0], spec)
    return spec


def adapt_svg(svg: str) -> str:
    """Return a picture in plain light colours, with a style for readers who prefer dark."""
    # Vega writes colours as attributes of elements, which any rule of a style sheet overrides.
    rules = "".join(
        f'[{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in COLOURS.values()
        for attribute in ("fill", "stroke")
        if f'{attribute}="{light}"' in svg
    )
    style = f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"
    head, bracket, rest = svg.partition(">")
    return head + bracket + style + rest
