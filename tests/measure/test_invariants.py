"""What a value hides, by the pure rules: each finds its own fault and lets good things pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.counters import Counters
from crawlbench.base.records import Cell
from crawlbench.base.usage import Usage
from crawlbench.measure.contract import Conduct, Value
from crawlbench.measure.invariants import Due, find_breach, find_misconduct
from crawlbench.measure.reading import Reading
from crawlbench.measure.unrest import Patience
from crawlbench.measure.verify import expect
from crawlbench.sites.douban import SITE

CONDUCT = Conduct(100.0, Reading(20, 500), 0.0, 0.0, [])
VALUE = Value(0.5, Usage(0.1, 0.0, 0.0, 0, 0), 0.0, None, None, [], [], "", CONDUCT)
DUE = Due(loops=2, pages=20, items=500, concurrency=10)


def conducted(seconds=0.5, cpu_s=0.4, **changes):
    """Return a value of two crawls in half a second, whose conduct is changed."""
    used, conduct = replace(VALUE.used, cpu_s=cpu_s), replace(CONDUCT, **changes)
    return replace(VALUE, seconds=seconds, used=used, conduct=conduct)


def read(**changes):
    """Return a value of two crawls in half a second, which read something else."""
    return conducted(reading=replace(CONDUCT.reading, **changes))


def counted(**changes):
    """Return what a mirror counts meanwhile, changed."""
    usual = {"requests": 20, "connections": 2, "used": 2, "most_in_flight": 10, "cpu_s": 0.3}
    usual |= {"first_at": 100.001, "last_at": 100.499, "codings": {"gzip": 20}}
    return Counters(**(usual | changes))


def test_good_value_has_no_breach():
    """All as it should be."""
    assert find_breach(VALUE, counted(), DUE) is None


@pytest.mark.parametrize(
    ("value", "counters", "breach"),
    [
        (
            VALUE,
            counted(first_at=99.99),
            "it began before its clock: the mirror heard from it 10 ms earlier",
        ),
        (
            VALUE,
            counted(last_at=100.52),
            "it went on after its clock had stopped: the mirror served it 20 ms longer",
        ),
        (
            conducted(seconds=0.4989),
            counted(first_at=100.0, last_at=100.4, cpu_s=0.6),
            "the mirror used 600 ms of CPU time for a value that is said to have taken 499 ms",
        ),
        (
            read(pages=0),
            counted(),
            "site.read ran 0 times within its clock instead of 20: pages were read elsewhere, or "
            "kept from before",
        ),
        (
            read(items=20),
            counted(),
            "site.read found 20 items within its clock instead of 500: it was not given the pages "
            "that came",
        ),
        (
            read(first_at=100.02),
            counted(second_at=100.01),
            "it asked for its second page 10 ms before it read the first: it knew addresses that "
            "no page had told it",
        ),
        (
            read(last_at=100.51),
            counted(),
            "it had a page read 10 ms after its clock had stopped",
        ),
        (
            read(bytes=90_000),
            counted(body_bytes=100_000),
            "site.read was given 90,000 bytes within its clock instead of 100,000: pages were cut "
            "before they were read",
        ),
        (
            read(first_at=100.002, told=[{"/b": 100.002, "/c": 100.02}]),
            counted(second_at=100.01, asked=[["/a", 100.001], ["/b", 100.01], ["/c", 100.01]]),
            "it asked for /c 10 ms before it read a page that links to it: it knew addresses that "
            "no page had told it",
        ),
        (
            read(first_at=100.002, told=[{"/b": 100.002}, {"/b": 100.3}]),
            counted(
                second_at=100.01,
                asked=[["/a", 100.001], ["/b", 100.01], ["/a", 100.25], ["/b", 100.28]],
            ),
            "it asked for /b 20 ms before it read a page that links to it: it knew addresses that "
            "no page had told it",
        ),
        (
            VALUE,
            counted(carried=3),
            "it used 3 connections of the crawl before, where each crawl has to open its own",
        ),
        (
            VALUE,
            counted(heads=20),
            "it asked for the head alone 20 times: bodies were kept from before",
        ),
        (
            VALUE,
            counted(used=1),
            "1 connection was made and used for 2 crawls, each of which has to open its own: they "
            "were kept from before",
        ),
        (
            VALUE,
            counted(kept=1),
            "it used 1 connection that it had opened before its turn",
        ),
        (
            read(kept=2),
            counted(),
            "site.read was given the bytes of 2 pages of an earlier crawl instead of those that "
            "came: bodies were kept",
        ),
        (
            conducted(cpus=1, cpu_s=0.53),
            counted(),
            "it took CPUs of others: it used 530 ms of CPU time, but 1 CPU had only 500 ms for it",
        ),
        (VALUE, counted(most_in_flight=11), "11 requests were in flight at once instead of 10"),
        (
            VALUE,
            counted(codings={"br": 20}),
            "it asked for the coding br 20 times where others have gzip; if it cannot do "
            "otherwise, its docstring has to say `Coding: br.`",
        ),
        (
            conducted(broken=["it replaced time.perf_counter", "it moved"]),
            counted(first_at=1.0),
            "it did not leave the harness alone: it replaced time.perf_counter; it moved",
        ),
        (
            conducted(rest_cpu_s=0.02, rest_s=1.0),
            counted(),
            "it worked between its turns: 20 ms of CPU time after its clock had stopped; 5 ms are "
            "allowed",
        ),
    ],
)
def test_breach_is_told_in_a_sentence(value, counters, breach):
    """Each rule names what it saw and what was due."""
    assert find_breach(value, counters, DUE) == breach


@pytest.mark.parametrize(
    ("value", "counters"),
    [
        (VALUE, counted(first_at=0.0, last_at=0.0)),
        (VALUE, counted(first_at=99.99998, last_at=100.50002)),
        (VALUE, counted(cpu_s=0.504)),
        (VALUE, counted(most_in_flight=12, faults={"503": 2})),
        (VALUE, counted(connections=20, used=20, http2_requests=20, codings={})),
        (read(pages=40, items=1000), counted()),
        (conducted(rest_cpu_s=0.004), counted()),
        (conducted(cpus=1, cpu_s=0.515), counted()),
        (conducted(cpus=2, cpu_s=0.99), counted()),
        (conducted(cpus=1, cpu_s=None), counted()),
        (conducted(cpus=0, cpu_s=5.0), counted()),
        (conducted(rest_cpu_s=0.05, rest_s=60.0), counted()),
    ],
)
def test_what_honest_crawls_do_passes(value, counters):
    """Readings of a clock, retries, connections for each page, idle threads: all have room."""
    assert find_breach(value, counters, DUE) is None


def unrest_told(turns, always=1):
    """Return before which turns, from 1, a cell that worked before some of them is found out."""
    patience = Patience(always)
    values = [conducted(rest_cpu_s=0.02 if works else 0.0001, rest_s=1.0) for works in turns]
    judged = [patience.excuse("a", value) for value in values]
    return [place for place, value in enumerate(judged, 1) if find_misconduct(value)]


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        ([True], []),
        ([False, True], []),
        ([True, True], [2]),
        ([True, False, True], [3]),
        ([False] * 43 + [True] + [False] * 43 + [True], []),
        ([index % 5 == 0 for index in range(10)], [6]),
        ([index % 20 == 0 for index in range(60)], []),
        ([False] * 30 + [True, True, True, True], [34]),
    ],
)
def test_who_seldom_works_between_turns_is_excused(turns, told):
    """A host's own pause is billed to whoever has the CPU; who does so again is found out."""
    assert unrest_told(turns) == told


def test_who_takes_few_turns_may_be_excused_more_often():
    """All of them are then no excuse."""
    assert unrest_told([True, True, False], always=2) == []
    assert unrest_told([True, True, True], always=2) == [3]


def test_patience_is_of_each_cell_and_of_nothing_else():
    """Two cells that are restless once are no cell that is so twice; clocks are never excused."""
    patience = Patience()
    restless = conducted(rest_cpu_s=0.02, rest_s=1.0)
    assert find_misconduct(patience.excuse("a", restless)) is None
    assert find_misconduct(patience.excuse("b", restless)) is None
    assert "20 ms" in find_misconduct(patience.excuse("a", restless))
    assert "nice" in find_misconduct(patience.excuse("c", conducted(broken=["it is nicer"])))


def test_declarations_change_what_is_due():
    """A coding that is declared is due as well as gzip; another one still is not."""
    due = replace(DUE, codings="br, zstd", http="2")
    assert find_breach(VALUE, counted(codings={"br": 10, "zstd": 10}), due) is None
    assert "coding br" in find_breach(VALUE, counted(codings={"br": 20}), replace(due, codings=""))


def test_false_declaration_of_http_is_a_breach():
    """Who says that it speaks HTTP/1.1 alone must do so; who says nothing speaks what it likes."""
    counters = counted(http2_requests=20)
    said = "it spoke HTTP/2 in 20 requests, but its docstring says `HTTP: 1.1.`"
    assert find_breach(VALUE, counters, replace(DUE, http="1.1")) == said
    assert find_breach(VALUE, counters, replace(DUE, http="1.1, 2")) is None
    assert find_breach(VALUE, counters, DUE) is None


def test_operation_answers_for_its_process_alone():
    """It reads no pages and asks no mirror."""
    assert find_misconduct(conducted(reading=Reading())) is None
    assert "nice" in find_misconduct(conducted(broken=["it changed its niceness from 0 to 5"]))


def test_due_is_of_all_loops():
    """Pages and items of the site, so often."""
    cell = Cell(SITE.name, "net", "a", None, "lxml", 10)
    assert Due.of(cell, expect(SITE), 3, None) == Due(3, 30, 750, 10)
    assert Due.of(cell, expect(SITE), 1, ("1.1", "br")) == Due(1, 10, 250, 10, "1.1", "br")
