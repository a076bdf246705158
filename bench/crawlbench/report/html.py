"""A page as one HTML file that needs no network (floor 3).

Jinja2 escapes all text. Data is embedded as JSON that cannot end its element, and a content
security policy names our two scripts by their hash, so that no other script can run and nothing is
fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from crawlbench.report.embed import pack_charts, read_asset, script_hash, script_json
from crawlbench.report.full_table import first_columns, sort_key
from crawlbench.report.pairs import SIGNS
from crawlbench.report.theme import SUPPORT, VERDICTS, css
from crawlbench.report.vega import vega_scripts

if TYPE_CHECKING:
    from crawlbench.report.page import PageContent
    from crawlbench.report.table import Table


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell of the large table."""

    text: str
    kind: str
    """CSS class of the element: a verdict, `number`, or nothing."""
    key: float | None
    """What its column is sorted by, if the column has numbers."""


def render_page(page: PageContent) -> str:
    """Return the page as HTML."""
    bundle, script = vega_scripts(), read_asset("crawlbench.report", "report.js")
    charts = [chart for section in page.sections for chart in section.charts]
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(read_asset("crawlbench.report", "report.html"))
    # What is marked as safe is ours: files of this package, vega's scripts, and JSON without a `<`.
    return template.render(
        page=page,
        contents=_contents(page),
        rows=_rows(page.table),
        verdicts=_verdicts(page.table),
        shown=first_columns(page.table),
        looks={**VERDICTS, **SUPPORT, **{SIGNS[v]: VERDICTS[v] for v in SIGNS}},
        style=Markup(css() + "\n" + read_asset("crawlbench.report", "report.css")),  # noqa: S704
        data=Markup(script_json(pack_charts(charts))),  # noqa: S704
        bundle=Markup(bundle),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hashes=Markup(f"{script_hash(bundle)} {script_hash(script)}"),  # noqa: S704
    )


def _contents(page: PageContent) -> list[tuple[str, str]]:
    """Return names and titles of all parts, for the links at the top."""
    ends = [
        ("table", "Everything"),
        ("method", "Method"),
        ("machine", "Machine"),
        ("doubts", "Trust"),
    ]
    if page.command:
        ends.append(("repeat", "Repeat it"))
    return [*((section.name, section.title) for section in page.sections), *ends]


def _rows(table: Table) -> list[list[_Cell]]:
    return [
        [
            _Cell(text, *_look(table.columns[place].header, text, table.columns[place].is_number))
            for place, text in enumerate(row)
        ]
        for row in table.rows
    ]


def _look(header: str, text: str, is_number: bool) -> tuple[str, float | None]:
    """Return the class and the sort key of a cell."""
    if header == "verdict":
        return VERDICTS.get(text, ""), None
    key = sort_key(text) if is_number or header == "interval" else None
    return "number" if is_number else "", key


def _verdicts(table: Table) -> list[str]:
    """Return the verdicts that occur, in the order of `VERDICTS`."""
    headers = [column.header for column in table.columns]
    if "verdict" not in headers:
        return []
    found = {row[headers.index("verdict")] for row in table.rows}
    return [verdict for verdict in VERDICTS if verdict in found]
