"""Strangers' words on the page: shown, never obeyed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.records import Cell, Failure, WarningNote
from tests.extras import needs
from tests.report.sessions import concluded, make_comparison, make_summary
from tests.report.traces import traced
from tests.stats.builders import MACHINE, make_plan

pytestmark = [needs("altair"), pytest.mark.slow]
HOSTILE = (
    "</script><script>hacked=1</script><!--<script>",
    "\"><img src=x onerror=hacked=1><style>*{display:none}</style>'`;hacked=1//",
    "{{ 7*7 }} {% raw %} ${hacked=1} &lt;b&gt; &amp; ]]> \\u003cscript> \\",
)
RIGHT_TO_LEFT = "\u202etxt.exe\u202c \u200fالعربية\u2028next"


def session_of(text):
    """Return a session and a trace in which every text that a stranger may choose is this one."""
    base = Cell(f"s{text}", f"n{text}", f"base{text}", None, f"p{text}", 10)
    fast = replace(base, strategy=f"fast{text}", event_loop=f"l{text}")
    bad, control = replace(base, strategy=f"bad{text}"), replace(base, control=True)
    failure = Failure(bad.name, 1, f"raised {text}", f"Traceback:\n  {text}\nlast {text}")
    session = concluded(
        plan=make_plan(
            suite=f"suite{text}",
            cells=(base, fast, bad, control),
            baselines={base.group: base.name},
        ),
        rounds=[{base: [0.5, 0.51], fast: [0.2, 0.21], control: [0.5, 0.52]}],
        summaries=tuple(make_summary(cell) for cell in (base, fast, control)),
        comparisons=(replace(make_comparison(fast), baseline=base.name),),
        controls=(replace(concluded().controls[0], group=base.group),),
        failures=(failure,),
        warnings=(WarningNote("x", f"warned {text}"),),
        machine=replace(MACHINE, cpu_model=f"CPU {text}", versions={f"pkg{text}": text}),
        networks={base.network: {f"delay {text}": 1.0}},
        created=f"then {text}",
    )
    return session, traced(fast.name, page=text.replace("{", "{{").replace("}", "}}") + "{}")


@pytest.mark.parametrize(
    "text",
    [HOSTILE[0], RIGHT_TO_LEFT, *(pytest.param(t, marks=pytest.mark.long) for t in HOSTILE[1:])],
)
def test_words_of_strangers_are_shown_and_not_obeyed(open_page, text):
    """In names, reasons, last words, warnings, versions, addresses and hand-edited numbers."""
    from crawlbench.base.text import one_line
    from crawlbench.report.html import render_page
    from tests.report.views import make_page

    opened = open_page(render_page(make_page(*session_of(text))), width=360)
    if text == RIGHT_TO_LEFT:
        opened.picture("right-to-left.png")
    assert opened.complaints == []
    assert opened.ask("typeof hacked") == "undefined"
    assert opened.ask("document.scripts.length") == 3
    assert opened.ask("document.images.length") == 0
    assert opened.ask("document.documentElement.scrollWidth") <= 360
    shown = one_line(text)
    texts = " ".join(opened.ask("document.querySelector('main').textContent").split())
    for before in ("raised ", "warned ", "last ", "fast", "bad", "suite", "CPU ", "pkg", "delay "):
        assert before + shown in texts, before
    assert f"suite{shown}" in opened.page.title()
    labels = opened.ask("() => [...document.querySelectorAll('svg text')].map(t => t.textContent)")
    start = f"fast{shown}"[:20]
    assert any(label.startswith(start) for label in labels)
    assert "\u202e" not in texts


def test_tooltip_shows_markup_as_text(open_page):
    """It is made of HTML by a library: ours must not become some."""
    from crawlbench.report.html import render_page
    from tests.report.views import make_page

    text = '<img src=x onerror="hacked=1"><b>bold</b>'
    opened = open_page(render_page(make_page(*session_of(text))))
    opened.page.locator("#chart-waterfall-1 svg .mark-rect path").first.hover(force=True)
    tip = opened.page.locator("#vg-tooltip-element")
    tip.wait_for(state="visible")
    assert text in tip.inner_text()
    assert tip.locator("b, img").count() == 0
    assert opened.ask("typeof hacked") == "undefined"
    assert opened.complaints == []


def test_policy_lets_no_other_script_run(open_page):
    """If escaping ever failed, the browser would still refuse."""
    from crawlbench.report.html import render_page
    from tests.report.views import make_page

    page = render_page(make_page(concluded()))
    broken = page.replace("</main>", "<img src=x onerror=hacked=1><script>hacked=1</script></main>")
    opened = open_page(broken)
    assert opened.ask("typeof hacked") == "undefined"
    assert len([c for c in opened.complaints if "Content Security Policy" in c]) >= 2
