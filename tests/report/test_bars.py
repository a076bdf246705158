"""Ratios as bars of characters: honest about scale, interval and what is not known."""

from __future__ import annotations

import io
import math

from rich.console import Console

from crawlbench.base.records import Control, Verdict
from crawlbench.report.bars import draw_bars
from crawlbench.report.view import SessionView
from tests.report.sessions import EQUAL, FAST, concluded, make_comparison
from tests.report.views import render_terminal
from tests.stats.builders import make_plan, make_session

MARGIN = math.log(1.1)


def bars(width=41, *, is_ascii=False, margin=MARGIN, **changes):
    """Return scale and rows of the usual session."""
    view = SessionView(concluded(**changes))
    found = draw_bars(view.groups["site/net"], margin, width, is_ascii=is_ascii)
    return [found.scale, *found.rows]


def two(*comparisons):
    """Return changes that compare FAST and EQUAL so."""
    control = Control("site/net", 10, 0.0, -0.01, 0.01)
    return {"comparisons": comparisons, "controls": (control,)}


def test_bars_stand_under_their_scale():
    """Literal text for fixed numbers: 0.5 and 2 are as far from 1."""
    wide = make_comparison(FAST, -math.log(2), width=0.2)
    slow = make_comparison(EQUAL, math.log(2), Verdict.SLOWER, width=0.2)
    assert bars(**two(wide, slow)) == [
        "0.41                1                 2.4",
        "├───●────┤        ··┊··                  ",
        "                  ··┊··        ├────●───┤",
        "                  ··┊··                  ",
        "                  ··●··                  ",
        "                  ··┊··                  ",
    ]


def test_bars_without_unicode_have_the_same_shape():
    """For terminals and files that know ASCII only."""
    table = str.maketrans("├┤─●┊·", "[]-o:.")
    assert bars(is_ascii=True) == [line.translate(table) for line in bars()]
    assert "".join(bars(is_ascii=True)).isascii()


def test_interval_narrower_than_a_column_is_a_point():
    """Nothing is drawn longer than it is."""
    (_, fast, *_) = bars(width=15)
    assert fast.strip(" ┊·") in ("●", "●┤", "├●")


def test_all_rows_are_as_wide_as_asked():
    """Whatever stands in them."""
    for width in (14, 15, 40):
        assert {len(line) for line in bars(width=width)} == {width}


def test_quiet_session_is_not_blown_up():
    """At least 5 % to each side: noise of a thousandth does not fill the scale."""
    calm = make_comparison(FAST, 0.001, Verdict.SAME, width=0.001)
    scale, *rows = bars(margin=0.0, **{**two(calm), "controls": ()})
    assert scale.split()[:2] == ["0.95", "1"]
    assert rows[0].count("─") == 0


def test_interval_that_tells_nothing_is_not_drawn():
    """Wider than tenfold: the table says so in words."""
    wild = make_comparison(FAST, 0.1, Verdict.UNCLEAR, width=2.0)
    scale, fast, *_ = bars(**two(wild, make_comparison(EQUAL, 0.3, Verdict.SLOWER)))
    assert "●" not in fast
    assert float(scale.split()[-1]) < 2


def test_session_without_comparisons_has_no_bars():
    """Nor has one without rounds."""
    empty = make_session(make_plan(), [])
    assert draw_bars(SessionView(empty).groups["site/net"], MARGIN, 30) is None
    console = Console(width=80, file=io.StringIO())
    console.print(render_terminal(empty, 80))
    assert "┊" not in console.file.getvalue()


def test_bars_stand_in_the_table_if_there_is_room():
    """With their verdicts by word, so that colour is not needed."""

    def lines(width):
        console = Console(width=width, file=io.StringIO())
        console.print(render_terminal(concluded(), width))
        return console.file.getvalue().splitlines()

    (row,) = [line for line in lines(80) if line.startswith("fast ") and "faster" in line]
    assert "0.490 to 0.510" in row
    assert "●" in row
    rows = [line for line in lines(70) if line.startswith("fast ") and "faster" in line]
    assert ["●" in line for line in rows] == [False]
