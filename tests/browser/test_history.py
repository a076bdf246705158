"""The page of many sessions, opened: drawn, quiet, and no wider than its window."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from crawlbench.stats.history import make_history
from tests.extras import needs
from tests.stats.builders import MACHINE
from tests.stats.test_history import MARGIN, one_session

pytestmark = [needs("altair", "axe_playwright_python"), pytest.mark.long]
MARKS = "document.querySelectorAll('.chart svg path, .chart canvas').length"


def history_html():
    """Return the page of a history with a change and another machine, whose names are hostile."""
    from crawlbench.report.history_page import history_page
    from crawlbench.report.html import render_page

    rng = random.Random(1)
    newer = replace(MACHINE, cpu_model="<script>alert(1)</script>")
    sessions = {f"a-{day}": one_session(day, 0.5, rng) for day in range(1, 6)}
    sessions |= {f"b-{day}": one_session(day, 0.6, rng) for day in range(6, 11)}
    sessions |= {f"c-{day}": one_session(day, 0.6, rng, machine=newer) for day in range(11, 14)}
    return render_page(history_page(make_history(sessions, MARGIN, 0.95)))


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_history_is_drawn(open_page, width, scheme):
    """And all can read it."""
    from axe_playwright_python.sync_playwright import Axe

    opened = open_page(history_html(), width=width, scheme=scheme)
    opened.picture(f"history-{width}-{scheme}.png")
    assert opened.complaints == []
    found = Axe().run(opened.page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert serious == [], [node["html"][:200] for one in serious for node in one["nodes"]]
    assert opened.ask(
        """() => [...document.querySelectorAll(".chart")].every(chart => {
          const around = chart.closest("[tabindex='0']");
          around.focus();
          return document.activeElement === around;
        })"""
    )
    assert opened.ask(MARKS) > 0
    text = opened.ask("document.querySelector('main').textContent")
    assert (
        "0 of 1 cell could be judged up to the newest session; 1 of 1 cell changed before, once"
        in text
    )
    assert "b-6" in text
    assert "<script>alert(1)</script>" in text
    assert opened.ask("document.documentElement.scrollWidth") <= width
