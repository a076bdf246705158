"""The fast cells of a group against its best, enlarged if slow cells squeeze them (floor 3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.report.charts.ratios import draw_ratios, ratio_row
from crawlbench.report.charts.style import chart_of_rows
from crawlbench.report.standing import TIMES_FROM, find_standing
from crawlbench.report.tables import Ratio, ratio_by

if TYPE_CHECKING:
    from crawlbench.report.charts.chart import Chart
    from crawlbench.report.view import GroupView, SessionView

MIN_ROWS = 3
"""With fewer rows there is nothing to enlarge."""
SQUEEZED_FROM = math.log(2)
"""Log ratio of the slowest to the best beyond which the others lie close together."""


def leaders_chart(view: SessionView, group: GroupView, number: int) -> Chart | None:
    """Return the fast cells' ratios to the best; None if the usual chart shows them well enough."""
    standing = find_standing(group)
    if standing is None or not standing.quantity.has_ratio:
        return None
    held = [*standing.same, *standing.unsettled, *standing.slower]
    farthest = max((one.behind for one in held), default=0.0)
    near = [one for one in held if one.behind < TIMES_FROM]
    if farthest < SQUEEZED_FROM or len(near) + 1 < MIN_ROWS:
        return None
    near.sort(key=lambda one: one.behind)
    rows = [
        ratio_row(standing.best, Ratio("1", "-", "baseline", 0.0), said="best"),
        *(ratio_row(one.row, ratio_by(one.found, str(one.found.verdict))) for one in near),
    ]
    name = f"leaders-{number}"
    title = "time over the best one's, above 1 is slower"
    what = "time per page" if group.form else "time"
    return chart_of_rows(
        name,
        title=f"More closely: {what} over the best one's on {group.place}",
        description=f"Ratio and interval of the {len(rows)} fastest cells on {group.place} against "
        "the best of them; the list of all pairs has the numbers.",
        drawn=draw_ratios(name, rows, view.plan.margin, title),
        data={name: rows},
        count=len(rows),
    )
