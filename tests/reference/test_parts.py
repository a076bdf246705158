"""The matrix asks what it promises, and says what is missing until it is there."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace

import pytest
from benchmarks import reference
from filelock import FileLock

from crawlbench.base.errors import UsageError
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.owner import LOCK_FILE, OwnedError
from crawlbench.measure.suite import load_suite
from crawlbench.reference.bundle import ENDING, encode_bundle
from crawlbench.reference.matrix import name_matrix
from crawlbench.reference.parts import SESSIONS, Part, find_part, list_parts
from crawlbench.reference.pooling import MARGIN
from crawlbench.reference.submission import make_bundle
from tests.reference.builders import measured
from tests.stats.builders import make_plan

SUITES = {
    name: load_suite(str(find_path))
    for name in list_parts()
    for find_path in [reference.ROOT / "bench/crawlbench/reference/parts" / f"{name}.toml"]
}


def made(name):
    """Return a part of three cells."""
    return Part(name, reference.ROOT / "x.toml", make_plan())


def test_parts_span_what_the_table_promises():
    """Six scenarios, two event loops, eight parsers, whatever is installed here."""
    assert len(SUITES) >= 6
    assert {loop for one in SUITES.values() for loop in one.event_loops} >= {"asyncio", "uvloop*"}
    assert len({parser for one in SUITES.values() for parser in one.parsers}) >= 8
    assert len({(one.sites, one.networks, one.parsers) for one in SUITES.values()}) == len(SUITES)


@pytest.mark.parametrize("name", SUITES)
def test_part_is_fixed_beforehand(name):
    """The margin is the table's, the rounds suffice, and nothing ends by what is found."""
    suite = SUITES[name]
    assert suite.margin_percent == pytest.approx(100 * (math.exp(MARGIN) - 1))
    assert suite.rounds >= 5
    assert suite.budget_s is None
    assert suite.choose_stopping() == "fixed"


def test_unknown_part_is_named_with_the_known_ones():
    with pytest.raises(UsageError, match=r"no part 'nope'; known: api, clients"):
        find_part("nope")


def test_every_part_comes_once_before_any_comes_again(tmp_path):
    """So that the sessions of one part lie apart; what is there is not measured again."""
    parts = [made("a"), made("b")]
    due = reference.find_due(tmp_path, parts)
    assert [one.name for one in due] == ["a-1", "b-1", "a-2", "b-2", "a-3", "b-3"]
    content = encode_bundle(make_bundle(measured(laps=1), "a"))
    (tmp_path / f"a-1{ENDING}").write_bytes(content)
    due = reference.find_due(tmp_path, parts)
    assert [one.name for one in due] == ["b-1", "a-2", "b-2", "a-3", "b-3"]
    assert due[1].expected_s == 100.0  # what the first took, instead of a guess
    assert due[0].expected_s == parts[1].expected_s


def make_begun(root, machine, count=None):
    """Write a matrix of all sessions, or of some, and one that somebody contributed."""
    folder = root / name_matrix("2026-11-10", machine)
    folder.mkdir(parents=True)
    content = encode_bundle(make_bundle(measured(laps=1, machine=machine)))
    for part in list_parts():
        for number in range(1, SESSIONS + 1):
            (folder / f"{part}-{number}{ENDING}").write_bytes(content)
    for path in sorted(folder.iterdir())[count:] if count else ():
        path.unlink()
    (folder / f"theirs{ENDING}").write_bytes(content)
    return folder


def test_matrix_is_continued_until_its_own_sessions_are_there(tmp_path):
    """What others contributed to it does not count for what is missing."""
    machine = describe_machine()
    begun = make_begun(tmp_path / "a", machine, count=-1)
    assert reference.find_folder(tmp_path / "a") == begun
    whole = make_begun(tmp_path / "b", machine)
    assert reference.find_folder(tmp_path / "b") != whole


def test_matrix_of_another_machine_is_not_continued(tmp_path):
    """Its CPU may have the same name."""
    machine = describe_machine()
    make_begun(tmp_path, replace(machine, cpu_count=machine.cpu_count + 2), count=3)
    with pytest.raises(UsageError, match=f"was begun on {machine.cpu_count + 2} CPUs, here are"):
        reference.find_folder(tmp_path)


def test_two_do_not_measure_a_matrix_at_once(tmp_path, monkeypatch):
    """The second would begin another session beside the first one's, and disturb its values."""
    monkeypatch.setattr(reference, "MATRICES", tmp_path / "matrix")
    monkeypatch.setattr(reference, "UNDER_WAY", tmp_path / "under-way")
    monkeypatch.setattr(reference, "run_session", lambda *_: pytest.fail("it measures"))
    monkeypatch.setattr("sys.argv", ["reference", "--part", "cold"])
    (tmp_path / "under-way").mkdir()
    with (
        FileLock(tmp_path / "under-way" / LOCK_FILE),  # as another process has it
        pytest.raises(OwnedError, match="is being written by another process; wait until"),
    ):
        reference.main()


def test_session_that_is_refused_does_not_hold_up_the_others(tmp_path, monkeypatch):
    """It is named at the end, with what to do."""
    kept = []

    def keep(session, path, suite):
        if suite == "a":
            raise UsageError("it breaks a rule")
        kept.append(path.name)

    monkeypatch.setattr(reference, "keep", keep)
    monkeypatch.setattr(reference, "run_session", lambda *_: 0)
    due = reference.find_due(tmp_path, [made("a"), made("b")])
    with pytest.raises(UsageError, match="it breaks a rule; its folder stays: remove it"):
        reference.measure(due, tmp_path, None)
    assert kept == [f"b-{number}{ENDING}" for number in (1, 2, 3)]


def test_page_and_badges_are_written_and_old_badges_go(tmp_path):
    matrix = tmp_path / "matrix" / "one"
    matrix.mkdir(parents=True)
    for number in range(SESSIONS):
        content = encode_bundle(make_bundle(measured(number, laps=1), "api"))
        (matrix / f"api-{number + 1}{ENDING}").write_bytes(content)
    reference.write_page(reference.load_table(matrix.parent), tmp_path / "page")
    assert "make reference PART=api" in (tmp_path / "page" / "index.html").read_text("utf-8")
    assert len(list((tmp_path / "page" / "badges").glob("*.json"))) == 4
    shutil.rmtree(matrix)
    reference.write_page(reference.load_table(matrix.parent), tmp_path / "page")
    assert list((tmp_path / "page" / "badges").glob("*.json")) == []


def test_session_of_a_part_keeps_all_rules():
    """With invented values, but the plan, the machine and the versions of here."""
    from benchmarks.growth import invent

    from crawlbench.reference.rules import find_broken
    from crawlbench.stats.judge import judge

    part = find_part("cold")
    cells = part.plan.cells
    machine = describe_machine(
        {cell.strategy for cell in cells},
        {cell.event_loop for cell in cells if cell.event_loop},
        {cell.parser for cell in cells},
    )
    ceilings = dict.fromkeys(part.plan.baselines, 50_000.0)
    session = judge(replace(invent(part.plan, 1), machine=machine, ceilings=ceilings))
    assert find_broken(make_bundle(session, part.name)) == []
