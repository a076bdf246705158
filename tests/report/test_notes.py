"""What stands under the tables: how far to trust them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.records import Ending, Failure, Mark, Obstacle, Stopping, Verdict, WarningNote
from crawlbench.report.notes import ENDINGS
from crawlbench.report.remarks import unclear_notes
from crawlbench.report.view import SessionView
from tests.report.sessions import FAST, concluded, make_comparison, shipped
from tests.report.views import find_notes
from tests.stats.builders import BASELINE, CONTROL, MACHINE, make_plan, make_session, other

SLOW, THIRD = other("slow"), other("third")


def notes(session, label):
    return [text for found, text in find_notes(session) if found == label]


def only_note(session, label):
    (text,) = notes(session, label)
    return text


def test_notes_stand_in_a_fixed_order():
    """How to read, then what is doubtful, then where it ran."""
    session = concluded(
        comparisons=(make_comparison(FAST, None, Verdict.UNCLEAR, obstacle=Obstacle.FEW_ROUNDS),),
        warnings=(WarningNote("cpu", "one CPU"),),
    )
    assert [label for label, _ in find_notes(session)] == [
        *("reading", "reading", "invalid", "warning", "session", "machine", "versions"),
    ]


@pytest.mark.parametrize(
    ("confidence", "text"), [(0.95, "95 %"), (0.999, "99.9 %"), (0.995, "99.5 %")]
)
@pytest.mark.parametrize("stopping", Stopping)
def test_reading_says_what_is_true_of_an_interval(confidence, text, stopping):
    """Of its pair alone, for one look or for any; 99.9 % is not 100 %."""
    session = concluded(plan=make_plan(FAST, confidence=confidence, stopping=stopping))
    reading = notes(session, "reading")[0]
    assert f"An interval holds at {text} for its own pair" in reading
    assert ("if you look once" in reading) == (stopping is Stopping.FIXED)
    assert ("at whatever round you look" in reading) == (stopping is Stopping.ANY)


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (
            Mark.SERVER_BOUND,
            "server-bound: the cell used 60 % of the mirror's capacity, so this row measures the "
            "mirror as well",
        ),
        (
            Mark.DISTURBED,
            "mirror disturbed: something else used the mirror's CPU for 20 % of the time that the "
            "mirror needed for its answers, so this row measures that as well",
        ),
    ],
)
def test_rows_that_tell_of_the_mirror_are_named_with_the_size(mark, text):
    """Once per mark, the largest for all."""
    sizes = {"mark": mark, "server_share": 0.6, "server_wait_share": 0.2}
    summaries = [replace(s, **sizes) for s in concluded().summaries[1:3]]
    session = concluded(summaries=tuple(summaries[:1]))
    assert notes(session, "mirror") == [f"{FAST.name}: {text}"]
    session = concluded(summaries=tuple(summaries))
    assert notes(session, "mirror") == [f"2 cells, such as {FAST.name}: {text}"]


def test_pairs_that_no_round_settles_are_told_apart_from_those_that_some_would():
    """Else "3 pairs: about 3 more rounds would settle it" is said of all of them."""
    rounds = {FAST: None, SLOW: 3, THIRD: None}
    pairs = [
        make_comparison(cell, 0.01, Verdict.UNCLEAR, obstacle=Obstacle.OPEN, more_rounds=count)
        for cell, count in rounds.items()
    ]
    session = concluded(plan=make_plan(*rounds), comparisons=tuple(pairs), failures=())
    view = SessionView(session)
    told = [text for group in view.crawls for _, text in unclear_notes(view, [group])]
    assert [text.partition(":")[0].partition(",")[0] for text in told] == [
        "2 pairs",
        f"{SLOW.strategy} against base",
    ]
    assert "unlikely" in told[0]
    assert "about 3 more rounds" in told[1]


def test_each_invalid_cell_is_told_with_its_reason():
    """In the order in which they failed, baseline and control included."""
    failures = [Failure(c.name, 1, f"reason {n}") for n, c in enumerate((CONTROL, BASELINE))]
    session = concluded(failures=tuple(failures))
    assert notes(session, "invalid") == [
        "base/-/lxml/c10/net/site/control: reason 0",
        "base/-/lxml/c10/net/site: reason 1",
    ]


def test_every_warning_is_shown():
    """Word for word."""
    warnings = (WarningNote("cpu", "one CPU"), WarningNote("mirror", "the mirror died"))
    assert notes(concluded(warnings=warnings), "warning") == ["one CPU", "the mirror died"]


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("rounds", "all rounds were measured"),
        ("answered", "every pair was answered"),
        ("precise", "the intervals became as narrow as requested"),
        ("budget", "the time budget was spent"),
        ("interrupted", "it was interrupted"),
        ("mirror", "a mirror died"),
        ("nothing left", "no working cell was left"),
        ("", "it has not ended, or it was killed"),
    ],
)
def test_session_line_tells_how_it_ended(ending, text):
    """In words, for each ending."""
    assert only_note(concluded(ending=Ending(ending)), "session") == (
        "suite test, 2026-01-01T00:00:00+00:00, seed 1: 0 of 10 rounds x 2 laps in 100 s; " + text
    )


def test_every_ending_has_a_sentence():
    """A new ending needs one."""
    assert set(ENDINGS) == set(Ending)


def test_session_line_counts_one_as_one():
    """And tells how much of the time was spent inside the clock: 2 crawls of 5 s in 100 s."""
    session = make_session(make_plan(rounds=1, laps=1), [{BASELINE: [5.0]}])
    assert only_note(session, "session").startswith(
        "suite test, 2026-01-01T00:00:00+00:00, seed 1: 1 of 1 round x 1 lap in 100 s, "
        "10 % of it measuring; "
    )


def test_session_of_no_duration_is_no_division_by_zero():
    """Its file may have been edited."""
    session = make_session(make_plan(), [{BASELINE: [5.0]}], seconds=0.0)
    assert "in 0 s, 0 % of it measuring" in only_note(session, "session")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "A CPU, 4 CPUs (workers on 0-2, mirror on 3), 8.0 GiB, Linux"),
        (
            {"cpu_count": 1, "worker_cpus": (0,), "mirror_cpus": (0,)},
            "A CPU, 1 CPU (workers and mirror share 0), 8.0 GiB, Linux",
        ),
        ({"worker_cpus": (), "mirror_cpus": ()}, "A CPU, 4 CPUs, 8.0 GiB, Linux"),
        ({"memory_bytes": None}, "A CPU, 4 CPUs (workers on 0-2, mirror on 3), Linux"),
        ({"cpu_model": ""}, "4 CPUs (workers on 0-2, mirror on 3), 8.0 GiB, Linux"),
        (
            {"cpu_count": 2, "worker_cpus": (4,), "mirror_cpus": (6,)},
            "A CPU, 2 CPUs (workers on 4, mirror on 6), 8.0 GiB, Linux",
        ),
        (
            {"cpu_count": 9, "worker_cpus": (0, 1, 2, 3, 5, 8, 9, 12), "mirror_cpus": (13,)},
            "A CPU, 9 CPUs (workers on 0-3,5,8,9,12, mirror on 13), 8.0 GiB, Linux",
        ),
    ],
)
def test_machine_line_tells_who_ran_where(changes, text):
    """One CPU is shared; unknown parts are left out; gaps between CPUs stay gaps."""
    session = concluded(machine=replace(MACHINE, **changes))
    assert only_note(session, "machine") == text


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        (MACHINE.versions, "CPython 3.13.0, crawlbench 0.1.0, aiohttp 3.14.5 pyperf 2.10.0"),
        ({}, "CPython 3.13.0, crawlbench 0.1.0"),
    ],
)
def test_versions_line_names_all_that_ran(versions, text):
    """Also where no distribution is known."""
    session = concluded(machine=replace(MACHINE, versions=versions))
    assert only_note(session, "versions") == text


def test_notes_are_single_printable_lines():
    """A failure's words come from strangers: they move no cursor and break no encoding."""
    reason = "raised E: a\n  b\x1b[31mred\x00\ud800\u2028end \x85 肖申克 [bold]"
    session = concluded(failures=(Failure(BASELINE.name, 1, reason),))
    text = only_note(session, "invalid")
    assert text == (
        r"base/-/lxml/c10/net/site: raised E: a b\x1b[31mred\x00\ud800 end 肖申克 [bold]"
    )
    assert text.encode("utf-8")


def test_quiet_session_has_nothing_but_facts():
    """No warning where there is no doubt."""
    labels = {label for label, _ in find_notes(shipped())}
    assert labels == {"reading", "session", "machine", "versions"}
