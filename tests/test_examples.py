"""What your-strategy.md and suites.md show is what lies in docs/examples, and it works."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from crawlbench.measure.suite import Suite, load_suite

DOCS = Path(__file__).resolve().parent.parent / "docs"
EXAMPLES = DOCS / "examples"


@pytest.mark.parametrize(
    ("page", "example"),
    [("your-strategy.md", "my_strategy.py"), ("suites.md", "my_suite.toml")],
)
def test_page_shows_the_file_as_it_is(page, example):
    """To be copied."""
    assert (EXAMPLES / example).read_text() in (DOCS / page).read_text()


def test_every_key_of_a_suite_is_explained_with_its_default():
    """In the table, as the code has it."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in (DOCS / "suites.md").read_text().split("\n## ")[0].splitlines()
        if line.startswith("| `")
    ]
    shown = {row[0].strip("`"): row[2].strip("`") for row in rows}
    assert set(shown) == set(Suite.__struct_fields__)
    usual = Suite()
    for name, text in shown.items():
        value = getattr(usual, name)
        if isinstance(value, str) and value:
            value = f'"{value}"'
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, tuple | dict):
            value = next(iter(value)) if value else "none"
        if value not in (None, ""):
            assert text == str(value), name


def test_suite_of_the_example_is_one():
    """With what it says."""
    suite = load_suite(str(EXAMPLES / "my_suite.toml"))
    assert (suite.networks, suite.precision_percent) == (("loopback", "wan"), 2.0)


@pytest.mark.slow
@pytest.mark.long
def test_strategy_of_the_example_keeps_the_contract(crawlbench, tmp_path):
    """By its own path, as the page has it."""
    shutil.copy(EXAMPLES / "my_strategy.py", tmp_path)
    outcome = crawlbench("check", "./my_strategy.py", "--json")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert json.loads(outcome.stdout)
    crawl = crawlbench("crawl", "-s", "./my_strategy.py")
    assert crawl.returncode == 0, crawl.stderr
    assert len(crawl.stdout.splitlines()) >= 250
