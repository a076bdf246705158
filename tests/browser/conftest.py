"""Debian's Chromium by playwright, and pages that tell what went wrong in them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

READY = "html[data-ready=yes]"


@pytest.fixture(scope="module")
def browser():
    """Return the browser; without it these tests are skipped (`.ci/run` installs it)."""
    api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium here: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


def screenshots():
    """Return the folder for pictures to look at, or None: `$CRAWLBENCH_SCREENSHOTS`."""
    wanted = os.environ.get("CRAWLBENCH_SCREENSHOTS")
    folder = Path(wanted) if wanted else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass
class Opened:
    """A page that was opened, and what it did."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    """Of its console, warnings included, and errors that nobody caught."""
    requests: list[str] = field(default_factory=list)
    """Addresses, its own included."""

    def picture(self, name):
        """Keep a picture of the whole page, if anybody wants to look at it: it takes seconds."""
        if folder := screenshots():
            self.page.screenshot(path=folder / name, full_page=True)

    def ask(self, script, *arguments):
        """Return what a function of JavaScript returns."""
        return self.page.evaluate(script, *arguments)


@pytest.fixture
def open_page(browser, tmp_path):
    """Return a function that opens HTML from a file and waits until it is drawn."""
    contexts = []

    def open_html(html, *, width=1440, scheme="light", is_drawn=True):
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.as_uri())
        if is_drawn:
            opened.page.wait_for_selector(READY, state="attached", timeout=60_000)
        return opened

    yield open_html
    for context in contexts:
        context.close()
