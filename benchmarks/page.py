"""Measures how large the page of the largest suite is, and how long a browser takes to open it.

`python -m benchmarks.page` from the root of a checkout; needs Debian's chromium.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.usage import read_words
from playwright.sync_api import sync_playwright

PAGES = "tests.browser.test_full"
"""The module that makes the page; imported by name because tests have no annotations."""
TIMES = 5
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
DRAWN = "() => performance.now()"


def main() -> None:
    """Print the size, and for two widths the time until the page is loaded and then drawn."""
    read_words(__doc__)
    browser_path = shutil.which("chromium")
    if browser_path is None:
        sys.exit("chromium is not installed: apt-get install chromium")
    page = importlib.import_module(PAGES).full_page()
    print(f"736 cells: {len(page.encode()) / 1e6:.2f} MB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        path.write_text(page, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=browser_path)
        for width in (360, 1440):
            loaded, drawn = [], []
            for _ in range(TIMES):
                tab = browser.new_page(viewport={"width": width, "height": 900})
                tab.goto(path.as_uri())
                loaded.append(tab.evaluate(LOADED) / 1000)
                tab.wait_for_selector("html[data-ready=yes]")
                drawn.append(tab.evaluate(DRAWN) / 1000)
                tab.close()
            print(
                f"{width} pixels wide: opened in {median(loaded):.2f} s "
                f"({min(loaded):.2f} to {max(loaded):.2f}), all charts drawn in "
                f"{median(drawn):.2f} s ({min(drawn):.2f} to {max(drawn):.2f})"
            )
        browser.close()


if __name__ == "__main__":
    main()
