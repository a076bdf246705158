"""What a session on a cluster looks like, for fixed numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer
from rich.console import Console

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Quantity
from crawlbench.cli import cluster
from crawlbench.cli.app import app
from crawlbench.cluster.flow import Wishes
from crawlbench.cluster.merging import merge
from crawlbench.cluster.notes import find_notes as find_doubts
from crawlbench.cluster.records import ClusterEnding, ClusterSession, LostBlock
from crawlbench.cluster.report import ClusterReport, find_notes, kind_table, tell_machines
from tests.cluster.blocks import make_block, make_machine
from tests.stats.builders import make_plan, other
from tests.stats.lengths import two_lengths

FAST, SLOW = other("fast", "uvloop"), other("slow")
PLAN = make_plan(FAST, SLOW)
LITERAL = Path(__file__).with_name("four.md")


def session_of(*blocks, **changes):
    """Return the session of these blocks."""
    found = merge([PLAN], lambda number: blocks)
    settings = {
        "plan": PLAN,
        "sheet_cells": 240,
        "copies": len(blocks),
        "created": "2026-01-01T00:00:00+00:00",
        "tool": "0.1.0",
        "machines": tuple(block.machine for block in blocks),
        "blocks": len(blocks),
        "left_out": found.left_out,
        "noise": found.noise,
        "comparisons": found.comparisons,
        "failures": found.failures,
        "seconds": 100.0,
        "ending": ClusterEnding.WHOLE,
    }
    return ClusterSession(**{**settings, **changes})


def four(**last):
    """Return four machines: two that say faster, one ARM that says slower, one with a flaw."""
    means = {FAST.name: -0.1, SLOW.name: 0.2}
    return (
        make_block("a", means),
        make_block("b", {FAST.name: -0.101, SLOW.name: 0.2}),
        make_block(make_machine("arm-1", "ARM"), {FAST.name: 0.05, SLOW.name: 0.203}),
        make_block("d", means, **last),
    )


def test_markdown_is_literally_this():
    """Tables, the disagreement, who was left out, and what it was measured with."""
    assert ClusterReport(session_of(*four(noise=0.3))).markdown() == LITERAL.read_text(
        encoding="utf-8"
    )


def test_opposite_machine_is_named_in_a_sentence():
    """So that nobody overlooks it."""
    blocks = [make_block(f"m{n}", {FAST.name: -0.3 - n / 1000, SLOW.name: 0.0}) for n in range(7)]
    odd = make_block(make_machine("arm-1", "ARM"), {FAST.name: 0.05, SLOW.name: 0.0})
    found = session_of(*blocks, odd).comparisons[0]
    assert tell_machines(found) == "faster: holds on 7 of 8 machines; slower on arm-1"


def test_notes_name_who_was_left_out_lost_and_alone():
    """Each with its reason."""
    lost = (LostBlock(1, 3, "e: its Dask worker was lost"),)
    session = session_of(*four(noise=0.3), lost=lost, ending=ClusterEnding.INCOMPLETE)
    notes = dict(find_notes(session))
    assert notes["left out"].startswith("d is left out for site/net: equal cells could look 35.0 %")
    assert notes["lost"] == "a block of sheet 1 after 3 tries: e: its Dask worker was lost"
    assert "not all blocks could be finished" in notes["session"]
    assert "what is said holds on these machines" in next(find_doubts(session))


def test_a_single_one_has_words_of_its_own():
    """Machine, CPU, try, round, lap and block alike."""
    many = (make_machine(f"m{n}") for n in range(14))
    lonely = make_machine("lonely")
    facts = replace(lonely.fingerprint.machine, cpu_count=1)
    lonely = replace(lonely, fingerprint=replace(lonely.fingerprint, machine=facts))
    lost = (LostBlock(1, 1, "e: it left"),)
    plan = replace(PLAN, rounds=1, laps=1)
    found = session_of(*four(), lost=lost, machines=(lonely, *many), blocks=1, plan=plan)
    notes = find_notes(replace(found, machines=found.machines[:13]))
    assert ("lost", "a block of sheet 1 after 1 try: e: it left") in notes
    assert ("machine", "1 more machine; cluster.json has all") in notes
    assert any(text.startswith("lonely: ") and text.endswith(", 1 CPU") for _, text in notes)
    assert "at most 1 round of 1 lap; 1 block in 100 s" in dict(notes)["session"]
    assert ("machine", "3 more machines; cluster.json has all") in find_notes(found)


def test_machines_with_wrong_data_are_named():
    """With the number of cells, baselines and controls included."""
    session = session_of(*four(failures=2))
    assert session.failures == {"d": 2}
    assert ("invalid", "2 cells are invalid on d") in find_notes(session)


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({}, 0, ""),
        ({"ending": ClusterEnding.INTERRUPTED}, 130, ""),
        (
            {"ending": ClusterEnding.SCHEDULER},
            4,
            "the Dask scheduler was lost; blocks that are kept: 4; go on",
        ),
        ({"lost": (LostBlock(1, 3, "e: it left"),)}, 4, "1 block was not finished: e: it left"),
        (
            {
                "failures": {f"m{n}": 1 for n in range(7)},
                "machines": tuple(make_machine(f"m{n}") for n in range(8)),
            },
            4,
            "cells are invalid on 7 of 8 machines: m0, m1, m2, m3, m4 and 2 more; each one's own",
        ),
    ],
)
def test_exit_code_tells_what_went_wrong_anywhere(
    tmp_path, monkeypatch, capsys, changes, code, said
):
    """As a session of one machine does: wrong data on any is 4, whatever the verdicts are."""

    async def measure(*_):
        return session_of(*four(), **changes)

    monkeypatch.setattr(cluster, "run_cluster", measure)
    monkeypatch.setattr(cluster, "refuse_inexpressible", lambda _: None)  # its site is made up
    with pytest.raises(typer.Exit) as ended:
        cluster.run_on_cluster(PLAN, Wishes("local:1"), tmp_path)
    assert ended.value.exit_code == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("is_file", [False, True])
def test_session_is_shown_though_its_table_cannot_be_written(
    tmp_path, monkeypatch, capsys, is_file
):
    """The folder may be gone by then, or the disk full."""

    async def measure(*_):
        return session_of(*four())

    folder = tmp_path / "out"
    if is_file:
        folder.touch()
    monkeypatch.setattr(cluster, "run_cluster", measure)
    monkeypatch.setattr(cluster, "refuse_inexpressible", lambda _: None)
    with pytest.raises(typer.Exit) as ended:
        cluster.run_on_cluster(PLAN, Wishes("local:1"), folder)
    assert ended.value.exit_code == 4
    told = capsys.readouterr()
    assert "table.md was not written: No" in told.err
    assert "over machines" in told.out


@pytest.mark.parametrize("option", ["-q", "-v", "--json"])
@pytest.mark.parametrize("is_resumed", [False, True])
def test_ways_to_show_what_a_cluster_has_not_are_refused(tmp_path, option, is_resumed):
    """Before anything is measured, and by the folder alone."""
    (tmp_path / "cluster.json").touch()
    where = ("--resume", str(tmp_path)) if is_resumed else ("--cluster", "local:2")
    with pytest.raises(UsageError, match=r"has one table;|is for one machine's session"):
        app(["run", *where, option], standalone_mode=False)


def test_one_machine_says_nothing_of_others():
    """A sentence says so."""
    session = session_of(make_block("a", {FAST.name: -0.3, SLOW.name: 0.1}))
    assert "says nothing about other machines" in next(find_doubts(session))
    assert kind_table(session) is None


def test_machines_on_one_host_are_no_machines():
    """A sentence names them."""
    blocks = [
        make_block(make_machine(name, boot="same"), {FAST.name: -0.3, SLOW.name: 0.1})
        for name in ("a", "b")
    ]
    assert next(find_doubts(session_of(*blocks))).startswith("a, b run on one host")


def test_narrow_terminal_has_fewer_columns():
    """What a new machine would show is left to wide ones."""
    report = ClusterReport(session_of(*four()))
    for width, is_there in ((80, False), (120, True)):
        console = Console(width=width, color_system=None)
        with console.capture() as capture:
            console.print(report.terminal(width, is_ascii=False))
        assert ("one more machine" in capture.get()) is is_there


def test_page_and_picture_are_the_machines_own():
    """The sentence says where they are."""
    report = ClusterReport(session_of(*four()))
    for draw in (report.html, report.svg, report.png):
        with pytest.raises(UsageError, match="FOLDER/machines/NAME"):
            draw()


def test_pages_have_tables_and_notes_of_their_own():
    """Beside those of whole crawls; what both have in common is said once."""

    def block(name, whole, page):
        blocks = [make_block(name, {FAST.name: mean, SLOW.name: "hangs"}) for mean in (whole, page)]
        paged = {
            field: (
                *getattr(blocks[0], field),
                *(replace(one, quantity=Quantity.PAGE) for one in getattr(blocks[1], field)),
            )
            for field in ("cells", "controls")
        }
        return replace(blocks[0], **paged)

    plan = two_lengths(FAST, SLOW)
    blocks = [block(f"m{n}", -0.3 - n / 1000, 0.3 + n / 1000) for n in range(7)]
    odd = block(make_machine("arm-1", "ARM"), -0.3, -0.05)
    found = merge([plan], lambda number: [*blocks, odd])
    session = session_of(*blocks, odd, plan=plan, comparisons=found.comparisons)
    text = ClusterReport(session).markdown()
    titles = ["site on net, over machines", "site on net, time per page, over machines"]
    titles += ["by kind of machine", "by kind of machine, time per page"]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    notes = find_notes(session)
    assert [text for label, text in notes if label == "machines differ"] == [
        f"{FAST.name}, time per page: slower: holds on 7 of 8 machines; faster on arm-1"
    ]
    assert [text for label, text in notes if label == "no verdict"] == [
        f"{SLOW.name}: hangs (on m0; invalid on 8 of 8 machines)"
    ]


def test_machine_that_knows_nothing_is_left_out_in_a_line():
    """Two rounds at a confidence of 99.99 % leave open more than a float holds as a ratio."""
    notes = dict(find_notes(session_of(*four(noise=3000.0))))
    assert "could look over 99900 % apart there" in notes["left out"]
