"""The fast cells of a group against its best, enlarged if slow cells squeeze them (floor 3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.report.charts.chart import Chart
from crawlbench.report.charts.ratios import draw_ratios
from crawlbench.report.charts.style import ROW, finish, height_of
from crawlbench.report.measures import is_wide, tell_numbers
from crawlbench.report.standing import TIMES_FROM, find_standing

if TYPE_CHECKING:
    from crawlbench.report.charts.chart import ChartRow
    from crawlbench.report.standing import Held, Standing
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
    farthest = max((one.found.estimate or 0.0 for one in held), default=0.0)
    near = [one for one in held if (one.found.estimate or 0.0) < TIMES_FROM]
    if farthest < SQUEEZED_FROM or len(near) + 1 < MIN_ROWS:
        return None
    near.sort(key=lambda one: one.found.estimate or 0.0)
    rows = [_best(standing), *(_row(one) for one in near)]
    name = f"leaders-{number}"
    labels = [str(row["label"]) for row in rows]
    title = "time over the best one's, above 1 is slower"
    spec = finish(draw_ratios(name, labels, rows, view.plan.margin, title), height=len(rows) * ROW)
    what = "time per page" if group.form else "time"
    return Chart(
        name=f"chart-{name}",
        title=f"More closely: {what} over the best one's on {group.place}",
        description=f"Ratio and interval of the {len(rows)} fastest cells on {group.place} against "
        "the best of them; the list of all pairs has the numbers.",
        spec=spec,
        data={name: rows},
        height=height_of(len(rows)),
    )


def _best(standing: Standing) -> ChartRow:
    best = standing.best
    return {
        **{"label": best.label, "cell": best.cell.name, "ratio": 1.0, "low": None, "high": None},
        **{"verdict": "baseline", "long": "1  best", "short": "1 best"},
        **{"shown": "1", "interval": "-"},
    }


def _row(held: Held) -> ChartRow:
    found, verdict = held.found, str(held.found.verdict)
    text, interval = tell_numbers(found)
    ends = (found.estimate, found.low, found.high)
    if found.low is None or found.high is None or is_wide(found.low, found.high, found.quantity):
        ends = (None, None, None)
    ratio, low, high = (None if end is None else math.exp(end) for end in ends)
    return {
        **{"label": held.row.label, "cell": held.row.cell.name},
        **{"ratio": ratio, "low": low, "high": high, "verdict": verdict},
        **{"long": f"{text} ({interval})  {verdict}", "short": f"{text} {verdict}"},
        **{"shown": text, "interval": interval},
    }
