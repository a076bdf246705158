"""Blocks on disk: whole or not there, and never somebody else's."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from crawlbench.base.errors import SessionFileError, UsageError
from crawlbench.base.records import Failure, Quantity, Verdict
from crawlbench.cli.cluster import resume_on_cluster
from crawlbench.cluster.blocks import BlockJob, pack, sum_up_block, unpack, write_block_file
from crawlbench.cluster.flow import read_cluster
from crawlbench.cluster.records import ClusterSession
from crawlbench.cluster.report import find_notes
from crawlbench.cluster.store import (
    CLUSTER_FILE,
    BlockStore,
    create_cluster_folder,
    load_cluster,
    remove_drafts,
    write_cluster,
)
from crawlbench.stats.index import Index
from crawlbench.stats.interval import estimate_mean
from crawlbench.stats.judge import judge
from crawlbench.stats.pairing import Side, log_ratios
from tests.cluster.blocks import make_block, make_machine
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other
from tests.stats.lengths import long, make_two_lengths

FAST = other("fast")


def packed_block(folder, name="m1", sheet=1):
    """Return a block as it comes from a machine."""
    folder.mkdir()
    (folder / "session.json").write_text("{}")
    write_block_file(folder, make_block(name, {FAST.name: -0.1}, sheet=sheet))
    return pack(folder)


def machines(store):
    """Return the seeds of the first sheet's blocks by machine."""
    return {block.machine.name: block.seed for block in store.read(1)}


@pytest.fixture
def store(tmp_path):
    session = ClusterSession(make_plan(FAST), 240, 2, "2026-01-01T00:00:00+00:00", "0.1.0")
    create_cluster_folder(tmp_path / "out", session)
    return BlockStore(tmp_path / "out", 1)


def test_block_comes_back_as_it_was_sent(tmp_path, store):
    """Its folder has the session's files, and nothing else is left around."""
    store.keep(1, "m1", packed_block(tmp_path / "sent"))
    assert [block.machine.name for block in store.read(1)] == ["m1"]
    assert (store.count(), machines(store)) == (1, {"m1": 0})
    assert sorted(p.name for p in (tmp_path / "out" / "machines").iterdir()) == ["m1"]
    assert sorted(p.name for p in (tmp_path / "out" / "machines" / "m1").iterdir()) == [
        "block.json",
        "session.json",
    ]


@pytest.mark.parametrize("ending", ["", "interrupted"])
def test_report_has_all_blocks_though_the_manager_was_killed(tmp_path, store, ending):
    """At its first end or at a later one: blocks alone record what is finished."""
    out = tmp_path / "out"
    store.keep(1, "m1", packed_block(tmp_path / "of m1"))
    killed = replace(load_cluster(out), ending=ending)
    write_cluster(out, killed)
    found = read_cluster(out)
    assert (found.blocks, found.ending) == (1, ending)
    (comparison,) = found.comparisons
    assert (comparison.machines, comparison.estimate) == (1, -0.1)
    assert find_notes(found)
    # What an ended session concluded stands.
    ended = replace(found, comparisons=())
    write_cluster(out, ended)
    assert read_cluster(out) == load_cluster(out)
    store.keep(1, "m2", packed_block(tmp_path / "of m2", "m2"))
    assert [one.machines for one in read_cluster(out).comparisons] == [2]


@pytest.mark.parametrize("packed", [b"", b"no block", msgspec.msgpack.encode({"../x": b"y"})])
def test_what_is_no_block_is_refused(store, packed):
    """Nothing is written then."""
    with pytest.raises(ValueError, match="no block"):
        store.keep(1, "m1", packed)
    assert store.count() == 0


def test_block_of_another_machine_or_sheet_is_refused(tmp_path, store):
    """It is not the one that was due."""
    with pytest.raises(ValueError, match="sheet 2 from m1"):
        store.keep(1, "m1", packed_block(tmp_path / "sent", sheet=2))
    assert store.count() == 0


def test_name_that_is_a_path_stays_in_the_folder(tmp_path, store):
    """Names are the users' own."""
    store.keep(1, "../../evil", packed_block(tmp_path / "sent", "../../evil"))
    assert machines(store) == {"../../evil": 0}
    assert not (tmp_path / "evil").exists()


def test_names_that_look_alike_have_folders_of_their_own(tmp_path, store):
    """Those that need no cleaning keep theirs."""
    names = ["a b", "a-b", "a/b", "...", "", "..a", "a"]
    for number, name in enumerate(names):
        store.keep(1, name, packed_block(tmp_path / str(number), name))
    assert machines(store) == dict.fromkeys(names, 0)
    folders = [path.name for path in (tmp_path / "out" / "machines").iterdir()]
    assert len(folders) == len(names)
    assert {"a-b", "a"} <= set(folders)


@pytest.fixture
def draft(tmp_path, store):
    """Return a draft as a manager leaves it that is killed before the rename."""
    folder = tmp_path / "out" / "machines" / ".crawlbench-killed"
    folder.mkdir()
    unpack(packed_block(tmp_path / "of m1"), folder)
    return folder


def test_draft_is_no_block(tmp_path, store, draft):
    """Its machine is not done, and measures again; drafts alone are removed."""
    assert (store.count(), machines(store), store.read(1)) == (0, {}, [])
    store.keep(1, "m1", packed_block(tmp_path / "sent"))
    remove_drafts(tmp_path / "out")
    assert not draft.exists()
    assert (store.count(), machines(store)) == (1, {"m1": 0})


def test_drafts_go_when_a_session_is_resumed(tmp_path, draft):
    """Also if it does not get far: nobody else writes here."""
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="give local:N"):
        resume_on_cluster(tmp_path / "out", "local:none", {})
    assert not draft.exists()


def test_folder_that_exists_or_is_broken_is_a_sentence(tmp_path, store):
    """So is another format."""
    session = load_cluster(tmp_path / "out")
    with pytest.raises(UsageError, match="exists already"):
        create_cluster_folder(tmp_path / "out", session)
    with pytest.raises(SessionFileError, match=f"has no {CLUSTER_FILE}"):
        load_cluster(tmp_path)
    path = tmp_path / "out" / CLUSTER_FILE
    path.write_bytes(path.read_bytes().replace(b'"format":1}', b'"format":9}'))
    with pytest.raises(SessionFileError, match="format 9"):
        load_cluster(tmp_path / "out")
    path.write_bytes(b"{")
    with pytest.raises(SessionFileError, match="not a whole file"):
        load_cluster(tmp_path / "out")


def test_block_sums_up_its_session():
    """Means and errors over rounds are those of the session's own ratios."""
    rounds = [
        {BASELINE: [1.0, 1.0], FAST: [0.5 + n / 100, 0.5], CONTROL: [1.0, 1.001]} for n in range(5)
    ]
    session = judge(make_session(make_plan(FAST), rounds))
    machine = make_machine("m1")
    block = sum_up_block(BlockJob(3, machine, session.plan), session)
    index = Index(session.rounds)
    fast = Side(FAST.name, (FAST.name,))
    twins = Side(BASELINE.name, (BASELINE.name, CONTROL.name))
    expected = estimate_mean(log_ratios(index, fast, twins))
    found = block.cells[0]
    assert (found.mean, found.error, found.rounds) == (expected.mean, expected.error, 5)
    assert found.verdict is Verdict.FASTER
    assert block.controls[0].widening == session.controls[0].widening
    assert (block.sheet, block.machine, block.rounds) == (3, machine, 5)
    assert (block.seed, block.failures) == (session.plan.seed, 0)


def test_block_sums_up_pages_as_well():
    """By the session's own evidence; of one length there is nothing to sum up."""
    session = judge(make_two_lengths({BASELINE: (0.01, 0.001), FAST: (0.02, 0.0005)}, spread=0.01))
    block = sum_up_block(BlockJob(1, make_machine("m1"), session.plan), session)
    assert [(one.cell, one.quantity) for one in block.cells] == [
        (FAST.name, Quantity.TIME),
        (FAST.name, Quantity.PAGE),
    ]
    for found in block.cells:
        (own,) = session.against_baseline(found.quantity)
        assert (found.mean, found.rounds) == (pytest.approx(own.estimate), own.rounds)
        assert found.error > 0
    assert [one.quantity for one in block.controls] == [Quantity.TIME, Quantity.PAGE]
    assert all(one.noise > 0 for one in block.controls)


def test_block_says_why_pages_have_no_cost():
    """In a sentence, and only of them."""
    session = judge(make_two_lengths({BASELINE: (0.01, 0.001), FAST: (0.02, 0.0)}))
    whole, page = sum_up_block(BlockJob(1, make_machine("m1"), session.plan), session).cells
    assert (whole.reason, page.mean) == ("", None)
    assert page.reason == "in many laps the longer crawl took no longer than the shorter one"


def test_twin_whose_long_form_failed_is_no_baseline_of_pages():
    """The other twin alone is, as for the judge; whole crawls have both."""
    failed = Failure(long(CONTROL).name, 1, "hangs")
    costs = {BASELINE: (0.01, 0.001), FAST: (0.02, 0.0005)}
    session = judge(make_two_lengths(costs, (failed,), spread=0.01))
    _, page = sum_up_block(BlockJob(1, make_machine("m1"), session.plan), session).cells
    (own,) = session.against_baseline(Quantity.PAGE)
    assert page.mean == pytest.approx(own.estimate)


def test_block_counts_what_is_wrong_but_not_what_was_refused():
    """An event loop that lacks an operation is no failure."""
    failures = (Failure(CONTROL.name, 1, "hangs"), Failure(FAST.name, 1, "no", is_refusal=True))
    session = judge(make_session(make_plan(FAST), [{BASELINE: [1.0]}], failures=failures))
    assert sum_up_block(BlockJob(1, make_machine("m1"), session.plan), session).failures == 1


def test_unpacked_files_are_the_packed_ones(tmp_path):
    """Byte for byte."""
    packed = packed_block(tmp_path / "sent")
    (tmp_path / "got").mkdir()
    unpack(packed, tmp_path / "got")
    for path in (tmp_path / "sent").iterdir():
        assert (tmp_path / "got" / path.name).read_bytes() == path.read_bytes()
