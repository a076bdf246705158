"""Measures how large the page of the table is, and how long a browser takes to open it.

`python -m benchmarks.tables` from the root of a checkout; needs Debian's chromium. The matrices are
invented: the plans are those of all parts, with three sessions each, and the made-up values are
judged as real ones are.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.growth import invent
from benchmarks.page import LOADED, TIMES
from benchmarks.usage import read_words
from playwright.sync_api import sync_playwright

from crawlbench.reference.matrix import Matrix, Measured
from crawlbench.reference.page import render_table
from crawlbench.reference.parts import SESSIONS, load_parts
from crawlbench.reference.submission import make_bundle
from crawlbench.reference.table import make_table
from crawlbench.stats.judge import judge

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from crawlbench.reference.table import MatrixTable

COUNTS = (2, 20)
READY = "html[data-ready=yes]"


def main() -> None:
    """Print, for two matrices and for twenty, the size and the time until the page is drawn."""
    read_words(__doc__)
    browser_path = shutil.which("chromium")
    if browser_path is None:
        sys.exit("chromium is not installed: apt-get install chromium")
    one = make_table([make_matrix()])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path)
        for count in COUNTS:
            page = render_table(repeat(one, count))
            path = Path(folder) / "index.html"
            path.write_text(page, encoding="utf-8")
            rows = count * len(one.rows)
            print(f"{count} matrices, {rows} figures: {len(page.encode()) / 1e6:.2f} MB")
            for width in (360, 1440):
                tell(browser, path, width)
        browser.close()


def make_matrix() -> Matrix:
    """Return a matrix of all parts with invented values."""
    found = []
    for part in load_parts():
        for number in range(1, SESSIONS + 1):
            session = judge(invent(replace(part.plan, suite=part.name), number))
            content = make_bundle(session, part.name).content
            found.append(Measured(f"made/{part.name}-{number}.bundle.gz", content, session))
    return Matrix("made", tuple(found))


def repeat(table: MatrixTable, count: int) -> MatrixTable:
    """Return a table of several matrices, each with the rows of this one."""
    rows = [
        replace(row, matrix=f"made-{number:02}") for number in range(count) for row in table.rows
    ]
    pairs = [replace(one, matrix=f"made-{count - 1:02}") for one in table.pairs]
    shares = [
        replace(one, matrix=f"made-{number:02}") for number in range(count) for one in table.shares
    ]
    return replace(
        table,
        rows=tuple(rows),
        sessions=table.sessions * count,
        shares=tuple(shares),
        pairs=tuple(pairs),
    )


def tell(browser: Browser, path: Path, width: int) -> None:
    """Print how long the page takes to load and to draw at one width."""
    loaded, drawn = [], []
    for _ in range(TIMES):
        tab = browser.new_page(viewport={"width": width, "height": 900})
        tab.goto(path.as_uri())
        loaded.append(tab.evaluate(LOADED) / 1000)
        tab.wait_for_selector(READY, state="attached")
        drawn.append(tab.evaluate("() => performance.now()") / 1000)
        tab.close()
    print(
        f"  {width} pixels wide: loaded in {median(loaded):.2f} s, drawn within "
        f"{median(drawn):.2f} s ({min(drawn):.2f} to {max(drawn):.2f})"
    )


if __name__ == "__main__":
    main()
