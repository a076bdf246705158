"""The pages that are no report: what event loops support, and a mirror's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.mirror.status import STATUS_PATH
from crawlbench.probe.html import render_html
from tests.extras import needs
from tests.mirror.test_serving import Hand
from tests.probe.reports import early

pytestmark = [needs("axe_playwright_python"), pytest.mark.long]


@pytest.fixture(scope="module")
def pages():
    """Return each page as it is sent."""
    with Hand() as hand:
        own = {path: hand.ask(path).body.decode() for path in ("/", STATUS_PATH)}
    long = [replace(one, reason=f"{one.reason} {'Protocol.' * 20}") for one in early().findings]
    return {**own, "probe": render_html(replace(early(), findings=tuple(long)))}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["/", STATUS_PATH, "probe"])
def test_page_fits_into_its_window_and_all_can_read_it(open_page, pages, name, scheme):
    """On a telephone, a tablet and a desk."""
    from axe_playwright_python.sync_playwright import Axe

    opened = open_page(pages[name], width=360, scheme=scheme, is_drawn=False)
    found = Axe().run(opened.page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert serious == [], [node["html"][:200] for one in serious for node in one["nodes"]]
    for width in (360, 768, 1440):
        opened.page.set_viewport_size({"width": width, "height": 800})
        assert opened.ask("document.documentElement.scrollWidth") <= width
