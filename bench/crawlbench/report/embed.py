"""Data, scripts and our own files in a form that a page can contain (floor 3)."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.report.charts.chart import Chart, Rows


def read_asset(package: str, name: str) -> str:
    """Return the text of a file in a package's folder of assets."""
    return (files(package) / "assets" / name).read_text(encoding="utf-8")


def script_json(value: object) -> str:
    """Return JSON that HTML and JavaScript parsers cannot mistake for markup or a line break."""
    # A browser cannot read NaN, and a page has it only by a mistake of ours, which should be loud.
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def script_hash(script: str) -> str:
    """Return the hash that stands for exactly this script in a content security policy."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def pack(rows: Rows) -> dict[str, object]:
    """Return rows by column, with texts as places in a list of words; `report.js` unpacks them."""
    # A tenth of the size of a list of objects (see `report.js`).
    columns = {}
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        if any(isinstance(value, str) for value in values):
            words = list(dict.fromkeys(value for value in values if value is not None))
            places = {word: place for place, word in enumerate(words)}
            packed = [None if value is None else places[value] for value in values]
            columns[name] = {"values": packed, "words": words}
        else:
            columns[name] = {"values": values}
    return {"length": len(rows), "columns": columns}


def pack_charts(charts: Sequence[Chart]) -> dict[str, object]:
    """Return all charts, with each set of rows only once."""
    data = {name: pack(rows) for chart in charts for name, rows in chart.data.items()}
    return {
        "charts": {
            chart.name: {
                "spec": chart.spec,
                "data": list(chart.data),
                "description": chart.description,
            }
            for chart in charts
        },
        "data": data,
    }
