"""What is shown of event loops' operations: tables, notes, answer."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from crawlbench.base.records import Failure
from crawlbench.report.operations import measured_table
from crawlbench.report.repeat import repeat_command
from tests.report.operating import UDP, many, operated
from tests.report.views import (
    everything_table,
    find_answer,
    find_notes,
    group_tables,
    operation_tables,
    render_markdown,
    render_terminal,
)
from tests.stats.operating import (
    cell_of,
    make_facts,
    make_operations_plan,
    make_operations_session,
)

NARROW = """\
Event loops: scheduling
operation   loop         each  ratio  interval        verdict
──────────────────────────────────────────────────────────────
sleep-zero  asyncio  10.00 µs      1  -               baseline
sleep-zero  uvloop    5.00 µs  0.500  0.500 to 0.500  faster

Event loops: tcp
operation        loop          each  ratio  interval        verdict
─────────────────────────────────────────────────────────────────────────
tcp-protocol-1k  asyncio  100.00 µs      1  -               baseline
tcp-protocol-1k  uvloop   125.00 µs  1.250  1.250 to 1.379  slower
udp-sock         asyncio  100.00 µs      1  -               baseline
udp-sock         uvloop           -      -  -               not supported

Event loops: timers
operation    loop          each  ratio  interval  verdict
──────────────────────────────────────────────────────────
timers-fire  asyncio  100.00 µs      1  -         baseline
timers-fire  uvloop   100.00 µs      -  -         unclear

operation    loop     measured
────────────────────────────────────────────────────────────────────────
timers-fire  asyncio  earliest 3.6 µs, median late 577 µs, latest 1.2 ms
timers-fire  uvloop   earliest -919 µs, median late 13 µs, latest 958 µs

"""
COUNTS = (
    "Of 4 operations, on uvloop: 1 of 4 is faster than asyncio, 1 is slower, 1 is unclear and 1 "
    "is not supported."
)


def shown(session, width):
    """Return what a console of that width prints."""
    console = Console(width=width, file=io.StringIO(), highlight=False, legacy_windows=False)
    console.print(render_terminal(session, width))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def notes(session, label):
    return [text for found, text in find_notes(session) if found == label]


def texts(session):
    return [sentence.text for sentence in find_answer(session)]


def test_terminal_of_80_columns_shows_a_table_per_theme():
    """Literal text for fixed numbers; what timers measured stands below."""
    lines = shown(operated(), 80)
    assert lines[: NARROW.count("\n")] == NARROW.splitlines()
    assert max(map(len, lines)) <= 80


def test_wide_terminal_shows_all_columns_in_one_line():
    """Then nothing stands below."""
    lines = shown(operated(), 200)
    (row,) = [line for line in lines if line.startswith("tcp-protocol-1k  uvloop")]
    assert " ".join(row.split()) == (
        "tcp-protocol-1k uvloop 125.00 µs 1.250 1.250 to 1.379 slower 8000 echoes 94 µs 24 %"
    )
    assert sum("median late" in line for line in lines) == 2


def test_operations_stand_below_the_crawls():
    """As do their notes."""
    session = operated(with_crawls=True)
    lines = shown(session, 80)
    titles = [line for line in lines if line.startswith(("site on", "Event loops: "))]
    assert titles[0] == "site on net, concurrency 10"
    assert len(titles) == 4
    assert [table.title for table in group_tables(session)] == titles[:1]
    assert [text.partition(" ")[0] for text in notes(session, "control")] == ["4"]
    assert len(notes(session, "reading")) == 3


def test_peer_is_a_share_or_stands_aside():
    """Of the operation's time."""
    rows = [row for table in operation_tables(operated()) for row in table.pick(("peer",)).rows]
    assert [row[0] for row in rows] == ["-", "-", "50 %", "24 %", "5 %", "-", "-", "-"]


def test_refused_operation_shows_no_number_at_all():
    """What it counts is said; it is no invalid cell."""
    (row,) = [r for t in operation_tables(operated()) for r in t.rows if "not supported" in r]
    assert row == (*("udp-sock", "uvloop"), *"---", "not supported", "-", "echoes", *"--", "")


def test_table_without_measured_figures_has_no_second_one():
    """Most operations measure nothing but their time."""
    tables = operation_tables(operated())
    assert [measured_table(table) is None for table in tables] == [True, True, False]


def test_figure_without_a_known_unit_is_a_plain_number():
    """A plug-in may measure anything."""
    cell = cell_of("futures", "asyncio")
    seen = {cell: {"figures": {"cache_hits": 0.123456, "latest_s": 0.5}}}
    session = make_operations_session(make_operations_plan(make_facts()), seen=seen)
    assert operation_tables(session)[0].rows[0][-1] == "cache hits 0.123, latest 500 ms"


def test_controls_of_all_operations_are_one_note():
    """Where equal things came out apart, the largest first."""
    assert notes(operated(), "control") == [
        "4 operations, each with a control that runs the same code as its baseline: in none do the "
        "two differ"
    ]
    first, second, *rest = operated().controls
    apart = (replace(first, widening=0.02), replace(second, widening=0.05), *rest)
    assert notes(replace(operated(), controls=apart), "control") == [
        "4 operations, each with a control that runs the same code as its baseline: in 2 they "
        "differ (tcp-protocol-1k by 5.1 %, sleep-zero by 2.0 %), so their intervals were widened "
        "by as much"
    ]


def test_refusals_are_told_by_loop_and_are_not_invalid():
    """One line for each loop, however many operations it lacks."""
    assert notes(operated(), "not supported") == ["uvloop: udp-sock"]
    assert notes(operated(), "invalid") == []
    refused = [
        Failure(f"{name}/{loop}", 0, "no", is_refusal=True)
        for name, loop in (("lock", "b"), ("event", "b"), ("lock", "c"))
    ]
    plan = make_operations_plan(make_facts("lock"), make_facts("event"), loops=("a", "b", "c"))
    session = make_operations_session(plan, failures=refused)
    assert notes(session, "not supported") == ["b: lock, event", "c: lock"]


def test_peer_that_sets_the_pace_is_noted():
    """By the mark of the row."""
    seen = {cell_of("udp-sock", "asyncio"): {"mirror_cpu_s": 0.02}}
    session = make_operations_session(make_operations_plan(UDP), seen=seen)
    assert notes(session, "mirror") == [
        "udp-sock/asyncio: peer-bound: the other process was busy for 100 % of the time and set "
        "the pace"
    ]


@pytest.mark.parametrize(
    "names", [("uvloop", "asyncio"), ("rloop", "asyncio"), ("rloop", "uvloop")], ids="-".join
)
def test_reason_names_both_loops_of_its_pair(names):
    """Whether or not one of them is the baseline."""
    plan = make_operations_plan(make_facts("lock"), loops=("asyncio", "uvloop", "rloop"))
    session = make_operations_session(plan, rounds=1)
    one, other = names
    wanted = (f"lock/{one}", f"lock/{other}")
    pairs = tuple(c for c in session.comparisons if (c.cell, c.baseline) == wanted)
    assert pairs
    (text,) = notes(replace(session, comparisons=pairs), "unclear")
    assert text.startswith(f"lock on {one} against lock on {other}: ")


def test_answer_counts_verdicts_by_loop():
    """One sentence for all operations, beside that of the crawls."""
    assert texts(operated())[0] == COUNTS
    mixed = texts(operated(with_crawls=True))
    assert mixed[0].startswith("On net, there is nothing to compare; a crawl took ")
    assert mixed[1] == COUNTS


def test_operations_without_a_value_have_no_answer():
    """As with crawls."""
    plan = make_operations_plan(make_facts("lock"))
    failures = [Failure(cell.name, 0, "crashed") for cell in plan.cells]
    found = texts(make_operations_session(plan, failures=failures, rounds=0))
    assert found[0] == "No cell has a valid value, so there is no answer."
    assert "3 invalid cells need your attention." in found[-1]


def test_everything_is_the_operations_where_there_are_no_crawls():
    """The theme beside them; else it is the crawls, as ever."""
    table = everything_table(operated())
    assert [column.header for column in table.columns][:3] == ["operation", "theme", "loop"]
    assert [row[:3] for row in table.rows][:3] == [
        ("sleep-zero", "scheduling", "asyncio"),
        ("sleep-zero", "scheduling", "uvloop"),
        ("tcp-protocol-1k", "tcp", "asyncio"),
    ]
    mixed = everything_table(operated(with_crawls=True))
    assert {row[0] for row in mixed.rows} == {"base"}


@pytest.mark.parametrize("name", ["a\nb", "\u202ename", "x\x1b[31m"])
def test_names_of_strangers_stay_in_one_line(name):
    """Escapes and marks that turn the direction are shown, not obeyed."""
    plan = make_operations_plan(make_facts(name, theme=name), loops=("asyncio", name))
    session = make_operations_session(plan)
    for table in (*operation_tables(session), everything_table(session)):
        assert all(text.isprintable() and text for row in table.rows for text in row[:3])
        assert table.title.isprintable()
    assert all(text.isprintable() for text in texts(session))


def test_command_that_repeats_it_names_operations_and_no_crawl():
    """Beside crawls it names both."""
    command = repeat_command(operated())
    assert command.startswith(
        "crawlbench run loops -l asyncio -l uvloop --operation sleep-zero "
        "--operation tcp-protocol-1k --operation udp-sock --operation timers-fire --rounds 10 "
    )
    assert "''" not in command
    assert "--baseline" not in command
    plan = make_operations_plan(make_facts("lock"), loops=("uvloop", "asyncio"))
    assert " --baseline uvloop --rounds " in repeat_command(make_operations_session(plan))
    mixed = repeat_command(operated(with_crawls=True))
    assert " -s base -l asyncio -l uvloop --operation sleep-zero " in mixed
    assert " -n net --site site --parser lxml -c 10 --baseline base --rounds " in mixed
    assert "''" not in mixed


class TestMarkdown:
    """GitHub takes 64 kB."""

    def test_operations_are_tables_after_the_crawls(self):
        """With all columns."""
        text = render_markdown(operated(with_crawls=True))
        titles = [line for line in text.splitlines() if line.startswith("### ")]
        assert titles == [
            "### site on net, concurrency 10",
            "### Event loops: scheduling",
            "### Event loops: tcp",
            "### Event loops: timers",
        ]
        assert "| udp-sock | uvloop | - | - | - | not supported | - | echoes | - | - |  |" in text

    @pytest.mark.long
    def test_400_operations_on_5_loops_fit(self):
        """The answer's columns of the largest changes; the rest is said to be elsewhere."""
        text = render_markdown(many(400, 5))
        assert len(text.encode()) < 64_000
        assert "| operation | loop | each | ratio | interval | verdict |" in text
        assert text.count("### Event loops: theme ") == 10
        assert "left out" in text.splitlines()[-1]


def test_pairs_that_do_not_count_are_told_where_operations_are_counted():
    """Else the numbers of two sentences would not agree, and nobody could tell why."""
    found = texts(operated(rounds=1))
    assert any(text.startswith("Of 4 operations, on uvloop: ") for text in found)
    (unsettled,) = (text for text in found if "not settled" in text)
    assert unsettled.startswith(
        "2 of 2 pairs are not settled (and not counted: 1 of timers, which have no ratio, 1 with a "
        "cell that has no values): "
    )
    plan = make_operations_plan(make_facts("sleep-zero"))
    (unsettled,) = (
        text for text in texts(make_operations_session(plan, rounds=1)) if "not settled" in text
    )
    assert unsettled.startswith("1 of 1 pair is not settled: ")
