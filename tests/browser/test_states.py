"""Sessions that are old, partial, invalid, tiny, or none: each shows what there is."""

from __future__ import annotations

import pytest

from tests.extras import needs
from tests.report import states
from tests.report.reference import plain_mean

pytestmark = needs("altair", "axe_playwright_python")
CHARTS = "() => [...document.querySelectorAll('.chart')].map(chart => chart.id)"


ALWAYS = (states.partial, states.nothing)
"""The others only in `make test-all`; their texts are held in tests/report/test_states.py."""


def each(*shown):
    """Return the parameters of states, most of them for long runs only."""
    return [pytest.param(*one, marks=() if one[0] in ALWAYS else pytest.mark.long) for one in shown]


@pytest.mark.parametrize(
    ("make", "texts", "charts"),
    each(
        (states.old, ["holds no trace of a crawl"], 13),
        (states.oldest, ["holds no trace of a crawl", "less time than requests-serial"], 13),
        (states.broken_trace, ["nothing to draw: trace.jsonl.gz cannot be read"], 6),
        (
            states.partial,
            ["it has not ended, or it was killed", "crashed", "Nothing could be compared"],
            5,
        ),
        (
            states.invalid_only,
            ["there is no answer", "wrong answer", "The worker's last words", "2 invalid cells"],
            0,
        ),
        (states.one_cell, ["there is nothing to compare; a crawl took 5"], 6),
        (states.only_baseline, ["there is nothing to compare"], 5),
        (states.nothing, ["there is no answer", "it was interrupted"], 0),
        (
            states.loops,
            ["1 is not supported", "uvloop: udp-sock", "timers-fire", "median late 577"],
            3,
        ),
        (states.probed, ["odd<b>", "</script><script>xxx", "hangs", "All 3 probes", "eager"], 3),
        (states.loops_and_crawls, ["a crawl took 10.00 ms", "1 is not supported", "udp-sock"], 9),
        (states.plain, ["plain pyperf suite", "there are no ratios", plain_mean()], 2),
    ),
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_each_session_shows_what_is_there(open_page, tmp_path, make, texts, charts):
    """And says what is not; quietly, and so that all can read it."""
    from axe_playwright_python.sync_playwright import Axe

    opened = open_page(make(tmp_path).html(), width=800)
    opened.picture(f"state-{make.__name__}.png")
    assert opened.complaints == []
    shown = opened.ask("document.querySelector('main').textContent")
    for text in texts:
        assert text in shown
    assert len(opened.ask(CHARTS)) == charts
    assert opened.ask("document.documentElement.scrollWidth") <= 800
    found = Axe().run(opened.page).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert serious == [], [n["html"][:200] for v in serious for n in v["nodes"]]
