"""The table, opened: filters live in the address, it is quiet, axe-clean, and opens at once."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from crawlbench.base.records import Failure
from crawlbench.reference.bundle import ENDING, encode_bundle
from crawlbench.reference.matrix import load_matrices
from crawlbench.reference.page import render_table
from crawlbench.reference.submission import make_bundle
from crawlbench.reference.table import make_table
from tests.reference.builders import ALIKE, FAST, RATIOS, REAL, measured
from tests.reference.test_picture import write_part
from tests.reference.test_table import DAYS, make_begun, write_matrices

pytestmark = pytest.mark.slow

MADE = 20
"""Matrices of the large page, with as many rows each as a real one has."""
ROWS = 350


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return make_table(load_matrices(write_matrices(tmp_path_factory.mktemp("matrix"))))


def large(table):
    """Return the table of twenty made matrices."""
    some = table.rows[: len(table.rows) // 2]
    rows = [
        replace(row, matrix=f"2026-{day:02}", strategy=f"{row.strategy}-{n}", scenario=f"s{n % 8}")
        for day in range(MADE)
        for n, row in enumerate(some * (ROWS // len(some)))
    ]
    return replace(table, rows=tuple(rows))


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "dark"), pytest.param(1440, "light", marks=pytest.mark.long)]
)
def test_table_is_drawn_filtered_and_clean(open_page, table, width, scheme):
    """No wider than its window, with an opened figure, and without a violation that axe knows."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    opened = open_page(render_table(table), width=width, scheme=scheme)
    page = opened.page
    assert page.locator("#clients tbody tr").count() == 4
    # Neither page nor badge calls "same", a verdict, what is merely unclear.
    assert "not told apart" in page.inner_text("#clients thead")
    cells = page.locator("#clients tbody td:nth-child(2)").all_inner_texts()
    assert cells == ["0", "0", "1", "1"]
    assert "same as" not in page.inner_text("main")
    page.fill("input[name=client]", "httpx")
    assert page.locator("#clients tbody tr").count() == 2
    assert "client=httpx" in page.url
    page.fill("input[name=client]", "gather")
    page.click("#clients tbody th a")
    page.wait_for_selector("#figure:not([hidden])")
    assert "row=" in page.url
    assert "matrix=2026-" in page.url  # whoever follows it sees the same when there is a newer one
    text = page.inner_text("#figure")
    assert "not yet reviewed by its author" in text
    assert " per page with its share of the start-up; aiohttp 1.2.3" in text  # of one length
    assert "crawlbench run default" in text
    assert page.locator("#figure tbody tr").count() == 2 + 3  # its history, and its sessions
    opened.picture(f"table-{width}.png")
    assert opened.ask("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert [one["id"] for one in found] == []
    assert opened.complaints == []


def test_address_chooses_and_a_hostile_one_harms_nothing(open_page, table):
    """What a stranger puts in an address is looked for, not obeyed."""
    opened = open_page(render_table(table))
    for address, count in (
        ("#matrix=all", 8),
        ("#matrix=all&kind=tuned", 0),
        ("#loop=asyncio&sort=-client", 3),
        ("#scenario=<script>alert(1)</script>", 0),
        ("#sort=constructor&row=__proto__", 4),
        ("#scenario=__proto__", 0),
        ("#=&&=", 4),
    ):
        opened.page.evaluate("(address) => { location.hash = address }", address)
        opened.page.wait_for_function(
            "(count) => document.querySelectorAll('#clients tbody tr').length === count", arg=count
        )
    assert opened.complaints == []


@pytest.mark.long
def test_twenty_matrices_open_within_two_seconds(open_page, table, capsys):
    """Seven thousand rows: only those that the address asks for are drawn."""
    html = render_table(large(table))
    began = time.perf_counter()
    opened = open_page(html)
    took = opened.ask("performance.now()")
    with capsys.disabled():
        print(f"\n{len(html) / 2**20:.1f} MiB, {took:.0f} ms, {time.perf_counter() - began:.2f} s")
    assert opened.ask("document.querySelectorAll('#clients tbody tr').length") <= 150
    assert len(html) < 4 * 2**20


def test_page_shows_the_whole_matrix_while_the_next_one_is_measured(open_page, tmp_path):
    """What has begun is one choice away, and in the history."""
    page = open_page(render_table(make_begun(tmp_path))).page
    assert "preliminary" not in page.inner_text("#answer")
    assert page.locator("#clients tbody tr").count() == 4
    page.select_option("select[name=matrix]", index=1)
    assert "preliminary" in page.inner_text("#answer")
    page.select_option("select[name=matrix]", index=2)
    assert "matrix=" not in page.url  # which is the usual choice


def test_matrices_of_two_machines_can_be_told_apart_and_chosen(open_page, tmp_path):
    """Rows of several say which machine they are of, and one of several can be had alone."""
    intel = replace(REAL, cpu_model="Intel Xeon")
    write_matrices(tmp_path, DAYS[:1], machine=intel)
    table = make_table(load_matrices(write_matrices(tmp_path, DAYS[1:])))
    page = open_page(render_table(table)).page
    assert "machine" not in page.inner_text("#clients thead")
    page.select_option("select[name=matrix]", "all")
    assert "machine" in page.inner_text("#clients thead")
    assert "Intel Xeon" in page.inner_text("#clients tbody")
    page.select_option("select[name=machine]", REAL.cpu_model)
    assert page.locator("#clients tbody tr").count() == 4
    page.select_option("select[name=matrix]", index=1)
    assert f"matrix={DAYS[1]}" in page.url
    page.select_option("select[name=machine]", "Intel Xeon")
    page.select_option("select[name=matrix]", "all")
    assert page.locator("#clients tbody tr").count() == 4


def test_since_is_a_day_from_which_all_matrices_say_it(open_page, tmp_path):
    """A matrix in which the two lay together, or one that only began, is no such day."""
    apart = {**RATIOS, ALIKE: 3.0}
    write_matrices(tmp_path, ("2026-11-01",), ratios=apart)
    write_matrices(tmp_path, ("2026-11-05",), ratios={**RATIOS, ALIKE: 1.6})
    write_matrices(tmp_path, ("2026-11-10", "2026-11-15"), ratios=apart)
    write_matrices(tmp_path, ("2026-11-20",), ratios={**RATIOS, ALIKE: 0.8}, sessions=1)
    page = open_page(render_table(make_table(load_matrices(tmp_path)))).page
    page.select_option("select[name=against]", "httpx-async|asyncio|none")
    page.fill("input[name=client]", "httpx2")
    answer = page.inner_text("#answer")
    assert "slower, since 2026-11-10" in answer


def test_failed_client_is_not_the_fastest(open_page, tmp_path):
    """However fast it was while it worked; and a doubtful best says why it is doubtful."""
    folder = tmp_path / "a"
    folder.mkdir()
    for number in (1, 2, 3):
        failures = [Failure(FAST.name, 4, "wrong answer")] if number == 3 else ()
        made = make_bundle(measured(number, laps=1, failures=failures))
        (folder / f"{number}{ENDING}").write_bytes(encode_bundle(made))
    page = open_page(render_table(make_table(load_matrices(tmp_path)))).page
    assert page.inner_text("#answer").startswith("Fastest here: requests-serial")
    assert "invalid" in page.inner_text("#clients tbody")


def test_page_without_a_matrix_says_so(open_page):
    opened = open_page(render_table(make_table([])))
    assert "No matrix was measured yet" in opened.ask("document.body.textContent")
    assert opened.complaints == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "dark"), pytest.param(360, "light", marks=pytest.mark.long)]
)
def test_stranger_is_led_to_an_answer(open_page, tmp_path, width, scheme):
    """One click from a question in words to a sentence, and the address keeps both."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    table = make_table(load_matrices(write_part(tmp_path, "clients")))
    opened = open_page(render_table(table), width=width, scheme=scheme)
    page = opened.page
    assert "Every client that is installed" in page.inner_text("select[name=scenario]")
    assert page.inner_text("#answer").startswith("Fastest here: aiohttp-gather on asyncio, 0.")
    page.click("text=Is httpx2 faster than httpx")
    # A function: the page's policy forbids that a string becomes a program.
    page.wait_for_function("() => document.querySelectorAll('#clients tbody tr').length === 1")
    answer = page.inner_text("#answer")
    told = "Time over that of httpx-async on asyncio: httpx2-async on asyncio: "
    assert re.match(f"{told}(0.99|1.0)", answer)
    assert answer.endswith("unclear.")
    basis = page.inner_text("#basis")
    assert re.match(r"Measured 20\d\d-\d\d-\d\d.* in \d+ sessions?, ", basis)
    assert "To repeat it: " in basis
    assert "against=httpx-async%7Casyncio%7Cnone" in page.url
    opened.picture(f"question-{width}.png")
    page.fill("input[name=client]", "aiohttp")
    answer = page.inner_text("#answer")
    assert ", faster, since 2026-11-10" in answer
    ratio, low, high = map(float, re.findall(r"0\.\d+", answer))  # a half over 1.6
    assert low < 0.3125 < high
    assert low < ratio < high
    page.select_option("select[name=against]", "")
    assert page.inner_text("#answer").startswith("Fastest here: aiohttp-gather on asyncio, 0.")
    assert opened.ask("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert [one["id"] for one in found] == []
    assert opened.complaints == []


def test_client_with_several_parsers_is_named_with_each(open_page, table):
    """Also with none, which elsewhere goes without saying; an operation has neither."""
    lxml = [replace(row, parser="lxml") for row in table.rows if row.verdict != "baseline"]
    found = replace(table, rows=(*table.rows, *lxml), pairs=())
    page = open_page(render_table(found)).page
    answer = page.inner_text("#answer")
    assert re.match("Fastest here: aiohttp-gather on asyncio with (lxml|no parser), 0.", answer)
    assert " of the time of requests-serial with no parser for a crawl" in answer
    alone = page.locator("select[name=against] option").all_inner_texts()
    assert {"httpx-async on asyncio with lxml", "httpx-async on asyncio with no parser"} <= {*alone}
    rows = [replace(row, parser="-") for row in table.rows]
    page = open_page(render_table(replace(table, rows=tuple(rows)))).page
    assert "aiohttp-gather on asyncio, 0." in page.inner_text("#answer")


def test_other_client_is_named_as_its_scenario_needs_it(open_page, table):
    """With its parser where there are several; one of another scenario compares with nothing."""
    [*_, first] = [row for row in table.rows if row.strategy == "aiohttp-gather"]
    elsewhere = [replace(row, scenario="zz") for row in table.rows]
    with_lxml = replace(first, parser="lxml", scenario="zz", verdict="invalid")
    found = replace(table, rows=(*table.rows, *elsewhere, with_lxml), pairs=())
    [kept] = table.pairs
    opened = open_page(render_table(replace(found, pairs=(kept, replace(kept, scenario="zz")))))
    for address, words in (
        ("#scenario=zz&against=aiohttp-gather|asyncio|none", " on asyncio with no parser: "),
        ("#scenario=zz&against=nobody|asyncio|none", "Fastest here: "),
        (f"#scenario={first.scenario}&against=aiohttp-gather|asyncio|lxml", "Fastest here: "),
        (f"#scenario={first.scenario}&against=aiohttp-gather|asyncio|none", " on asyncio: "),
    ):
        opened.page.evaluate("(address) => { location.hash = address }", address)
        opened.page.wait_for_function(
            "(words) => document.querySelector('#answer').textContent.includes(words)", arg=words
        )
    assert opened.complaints == []


def test_two_against_each_other_are_each_others_reverse(open_page, tmp_path):
    """A against B is one over B against A, whichever stands first in what the page holds."""
    table = make_table(load_matrices(write_part(tmp_path, "clients")))
    opened = open_page(render_table(table))
    ratios = []
    for mine, other in (("aiohttp-gather", "httpx-async"), ("httpx-async", "aiohttp-gather")):
        address = f"#client={mine}&against={other}|asyncio|none"
        opened.page.evaluate("(address) => { location.hash = address }", address)
        opened.page.wait_for_function(
            "(name) => document.querySelector('#answer').textContent.includes(`: ${name}`)",
            arg=mine,
        )
        cell = "#clients tbody tr td:nth-child(8)"
        ratios.append(float(opened.ask("(cell) => document.querySelector(cell).textContent", cell)))
        opened.page.click("#clients tbody th a")
        opened.page.wait_for_function(
            "(words) => document.querySelector('#figure').textContent.includes(words)",
            arg=f"times the time of {other} on asyncio for a crawl",
        )
        figure = opened.page.inner_text("#figure")
        assert figure.count(f"{ratios[-1]:g}") >= 2  # in the sentence and in the history
    assert ratios[0] * ratios[1] == pytest.approx(1, rel=0.02)
    assert opened.complaints == []
