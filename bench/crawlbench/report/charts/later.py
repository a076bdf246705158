"""Places in the page for what records do not hold yet (floor 3; pure).

Each returns nothing while there is nothing; the page then leaves the section out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.records import Session
    from crawlbench.report.charts.chart import Chart
    from crawlbench.report.table import Table

__all__ = ["loop_suite_charts", "probe_tables"]


def loop_suite_charts(session: Session) -> tuple[Chart, ...]:  # noqa: ARG001
    """Return the heat map of operations by event loop, with "not supported" cells."""
    return ()


def probe_tables(session: Session) -> tuple[Table, ...]:  # noqa: ARG001
    """Return what each event loop supports."""
    return ()
