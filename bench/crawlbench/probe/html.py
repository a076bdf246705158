"""A probe's report as one HTML page that loads nothing (floor 3)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from crawlbench.probe.findings import Support
from crawlbench.probe.tables import about_lines, count_rows, reason_rows, theme_tables

if TYPE_CHECKING:
    from jinja2 import Template

    from crawlbench.probe.findings import Report


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  (manager only)

    environment = Environment(
        loader=PackageLoader("crawlbench.probe", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def render_html(report: Report) -> str:
    """Return the page; each cell has its reason as a tooltip, and all reasons are listed below."""
    return _template().render(
        supports=list(Support),
        tables=theme_tables(report),
        counts=count_rows(report),
        reason_of={(f.loop, f.probe): f.reason for f in report.findings},
        reasons=reason_rows(report),
        about=about_lines(report),
    )
