"""A whole session of event loops' operations: real loops, peers and workers."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys

import pyperf
import pytest

from crawlbench.base.records import Obstacle, Verdict
from crawlbench.measure.store import load_session
from crawlbench.probe.store import PROBE_FILE, load_report

pytestmark = pytest.mark.slow

OPERATIONS = (
    "sleep-zero",
    "call-soon",
    "udp-sock",
    "tcp-protocol-1k",
    "timers-fire",
)
SUITE = f"""
operations = {list(OPERATIONS)}
event_loops = ["uvloop", "asyncio"]
rounds = 2
laps = 1
min_time_s = 0.005
lap_time_s = 0.01
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory, call_in):
    """Return the folder and the outcome of a session in which uvloop refuses one operation."""
    folder = tmp_path_factory.mktemp("operations")
    (folder / "ops.toml").write_text(SUITE)
    return folder / "session", call_in(folder, "run", "ops.toml", "-o", "session")


@pytest.fixture(scope="module")
def session(done):
    return load_session(done[0])


def summaries(session):
    return {summary.cell: summary for summary in session.summaries}


def test_session_succeeds_although_a_loop_refuses_an_operation(done):
    """That is an answer: exit code 0, and no word of invalid cells."""
    _, outcome = done
    assert outcome.returncode == 0, outcome.stderr
    assert "invalid" not in outcome.stderr + outcome.stdout
    assert "not supported uvloop: udp-sock" in outcome.stdout
    assert max(len(line.rstrip()) for line in outcome.stdout.splitlines()) <= 80


def test_refusal_is_kept_with_what_the_loop_said(session):
    """It stands in the calibration already; the stock loop has it."""
    (failure,) = session.failures
    assert (failure.cell, failure.round, failure.is_refusal) == ("udp-sock/uvloop", 0, True)
    assert failure.reason.startswith("uvloop does not have it (NotImplementedError")
    verdicts = {c.cell: c.verdict for c in session.against_baseline()}
    assert verdicts["udp-sock/uvloop"] is Verdict.UNSUPPORTED
    assert "udp-sock/asyncio" in summaries(session)


def test_every_cell_has_its_values(session):
    """On its own loop, as many as its passes say; the control's loops are its baseline's."""
    assert session.ending == "rounds"
    assert list(session.passes) and set(session.passes) == set(OPERATIONS)  # noqa: PT018
    for cell in session.plan.cells:
        if cell.name == "udp-sock/uvloop":
            continue
        assert summaries(session)[cell.name].values == 2 * session.passes[cell.group]
        if cell.control:
            assert session.loops[cell.name] == session.loops[session.plan.baselines[cell.group]]
    names = {cell.name for cell in session.plan.cells}
    samples = [sample for record in session.rounds for sample in record.samples]
    assert {sample.cell for sample in samples} == names - {"udp-sock/uvloop"}
    assert {(s.requests, s.connections, s.parse_s) for s in samples} == {(0, 0, None)}


def test_peer_is_seen_to_work_where_it_matters(session):
    """One that echoes shares the time; where there is none its share is 0."""
    found = summaries(session)
    for loop in ("asyncio", "uvloop"):
        assert 0 < found[f"tcp-protocol-1k/{loop}"].server_share < 1.2
        assert found[f"sleep-zero/{loop}"].server_share == 0


def test_timers_have_figures_and_no_ratio(session):
    """uvloop rounds to whole milliseconds."""
    for loop in ("asyncio", "uvloop"):
        figures = summaries(session)[f"timers-fire/{loop}"].figures
        assert set(figures) == {"earliest_s", "median_late_s", "latest_s"}
        assert -0.0016 <= figures["earliest_s"] <= figures["latest_s"]
    (found,) = [c for c in session.against_baseline() if c.cell == "timers-fire/uvloop"]
    assert (found.estimate, found.obstacle) == (None, Obstacle.TIMERS)


def test_suite_is_one_for_pyperf(done, session):
    """With the session's values, and the cell in its metadata."""
    folder, _ = done
    suite = pyperf.BenchmarkSuite.load(str(folder / "suite.json"))
    assert set(suite.get_benchmark_names()) == set(summaries(session))
    for bench in suite:
        assert list(bench.get_values()) == session.values(bench.get_name())
    metadata = suite.get_benchmark("call-soon/uvloop").get_metadata()
    assert metadata["crawlbench_operation"] == "call-soon"
    assert "crawlbench_strategy" not in metadata
    call = [sys.executable, "-m", "pyperf", "stats", "--quiet", "suite.json"]
    assert subprocess.run(call, cwd=folder, capture_output=True, check=False).returncode == 0


def test_report_shows_it_again(done, crawlbench):
    """As `run` printed it, and as `table.md` has it; the page of it is below."""
    folder, outcome = done
    call = functools.partial(crawlbench, "report", folder.name, cwd=folder.parent)
    assert call().stdout == outcome.stdout
    markdown = call("--format", "markdown").stdout
    assert markdown == (folder / "table.md").read_text(encoding="utf-8")


def test_session_of_few_operations_is_not_probed_but_shows_a_probe_of_its_folder(
    done, crawlbench, tmp_path
):
    """By real processes: the probe of one loop, written where `report` looks for it."""
    folder = tmp_path / "folder"
    shutil.copytree(done[0], folder)
    assert not (folder / PROBE_FILE).exists()
    probe = crawlbench("probe", "-l", "asyncio", "-p", "starts", "--json")
    (folder / PROBE_FILE).write_text(probe.stdout, encoding="utf-8")
    found = load_report(folder)
    assert [loop.name for loop in found.loops] == ["asyncio"]
    shown = crawlbench("report", "folder", "--format", "html")
    assert "What was tried, and where" in shown.stdout
    assert "What event loops do" in shown.stdout


def test_session_goes_on_where_it_ended(done, session, call_in):
    """`--resume` adds a round with fresh peers, and calibrates nothing again."""
    folder, _ = done
    outcome = call_in(folder.parent, "run", "--resume", "session", "--rounds", 3)
    assert outcome.returncode == 0, outcome.stderr
    longer = load_session(folder)
    assert len(longer.rounds) == 3
    assert longer.rounds[:2] == session.rounds
    assert longer.loops == session.loops
    assert longer.failures == session.failures
    assert {c.rounds for c in longer.against_baseline() if c.estimate is not None} == {3}
