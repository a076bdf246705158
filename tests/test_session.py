"""Whole sessions: real mirrors, real workers, the command line as users call it."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import psutil
import pyperf
import pytest

from crawlbench.base.records import Verdict
from crawlbench.measure.store import load_session
from crawlbench.report.trace_file import load_trace
from tests.conftest import command_line

pytestmark = pytest.mark.slow

SMALL = ("small.toml", "--rounds", 2, "--seed", 17)
"""With a seed, since four cells may by chance come in one order in every lap."""
SUITE = """
strategies = ["requests-serial", "aiohttp-gather", "aiohttp-session-per-request"]
event_loops = ["uvloop"]
baseline = "requests-serial"
laps = 2
min_time_s = 0.02
lap_time_s = 0.01
"""
BROKEN = {
    "broken-drop": "rank 51 (",
    "broken-swap": "rank 1 has title",
    "broken-twice": "11 requests instead of 10: /top250 came 2 times",
    "broken-loop": "ran on asyncio and uvloop instead of uvloop",
    "broken-killed": "killed by SIGKILL",
    "broken-hang": "hung: a value took more than 3 s",
    "broken-exit": "exit code 0 before its values were taken",
    "broken-raise": "raised ValueError: a planted error",
    "broken-fileless": "exit code 0 but left no run",
    "broken-late": "wrong answer: rank 1 has title",
}

ONE = """
strategies = ["http-client-serial"]
baseline = "http-client-serial"
laps = 2
min_time_s = 0.02
lap_time_s = 0.01
"""
"""Of the strategy whose process starts quickest."""
ALWAYS = (
    "broken-drop",
    "broken-twice",
    "broken-loop",
    "broken-killed",
    "broken-hang",
    "broken-late",
)
"""One of each kind; the others only in `make test-all`."""


def words_of(folder, *arguments):
    """Return the words of a call for a session of a small suite, which is written beside it."""
    suites = {"small.toml": SUITE, "one.toml": ONE}
    for name, text in suites.items():
        (folder.parent / name).write_text(text)
    arguments = [folder.parent / word if word in suites else word for word in arguments]
    return "run", *arguments, "-o", folder


@pytest.fixture(scope="module")
def good(tmp_path_factory, call_in):
    """Return the folder and the outcome of a session in which all is well."""
    folder = tmp_path_factory.mktemp("good") / "session"
    return folder, call_in(folder.parent, *words_of(folder, *SMALL))


@pytest.fixture(scope="module")
def broken_names(request):
    """Return the ways to be wrong that this run looks at."""
    chosen = [getattr(item, "callspec", None) for item in request.session.items]
    return {
        call.params["strategy"]
        for call in chosen
        if call and {"strategy", "reason"} <= {*call.params}
    } & {*BROKEN}


@pytest.fixture(scope="module")
def broken(tmp_path_factory, broken_names, call_in):
    """Return the folder and the outcome of a session with one cell for each way to be wrong."""
    folder = tmp_path_factory.mktemp("broken") / "session"
    names = ("requests-serial", *sorted(broken_names))
    strategies = [part for name in names for part in ("-s", name)]
    call = words_of(folder, *SMALL, *strategies, "-l", "uvloop", "--timeout", 3)
    return folder, call_in(folder.parent, *call)


def test_session_of_right_cells_exits_with_success(good):
    """All cells right: exit code 0, and the table on standard output."""
    _, outcome = good
    assert outcome.returncode == 0, outcome.stderr
    for name in ("requests-serial", "aiohttp-gather", "uvloop", "control"):
        assert name in outcome.stdout


def test_every_value_is_ten_requests_per_crawl(good):
    """The mirror counted what was due, for each value of each cell."""
    session = load_session(good[0])
    samples = [sample for record in session.rounds for sample in record.samples]
    assert len(samples) == 2 * 3 * len(session.plan.cells)
    assert {sample.requests / sample.loops for sample in samples} == {10}


def test_cells_alternate_within_a_lap(good):
    """In each lap every cell takes one value, and the order differs from lap to lap."""
    session = load_session(good[0])
    names = {cell.name for cell in session.plan.cells}
    orders = []
    for record in session.rounds:
        for start in range(0, len(record.samples), len(names)):
            lap = record.samples[start : start + len(names)]
            assert {sample.cell for sample in lap} == names
            assert [sample.slot for sample in lap] == list(range(len(names)))
            orders.append(tuple(sample.cell for sample in lap))
    assert len(set(orders)) > 1


def test_all_of_a_group_have_the_same_loops(good):
    """Cells that are compared differ in nothing else, not even in crawls per value."""
    session = load_session(good[0])
    assert session.loops.keys() == {cell.name for cell in session.plan.cells}
    assert len(set(session.loops.values())) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell less")
def test_cpu_time_and_waits_fit_into_the_clock(good):
    """Of one worker's CPUs nobody used more than time went by, waits included."""
    session = load_session(good[0])
    cpus = len(session.machine.worker_cpus)
    for sample in (sample for record in session.rounds for sample in record.samples):
        assert 0 < sample.cpu_s <= sample.seconds * cpus * 1.002
        assert sample.cpu_user_s + sample.cpu_system_s == pytest.approx(sample.cpu_s)
        assert 0 <= sample.cpu_wait_s <= sample.seconds * cpus - sample.cpu_s + 1e-9 or (
            sample.cpu_wait_s == 0
        )


def test_anchors_are_timed_in_each_lap(good):
    """Once, of each group, in the process that stands beside the workers."""
    session = load_session(good[0])
    (group,) = {cell.group for cell in session.plan.cells}
    for record in session.rounds:
        assert [(one.group, one.lap) for one in record.anchors] == [(group, 0), (group, 1)]
        assert all(min(one.computing_s, one.sending_s) > 0 for one in record.anchors)


def test_strategies_show_their_connections(good):
    """Serial keeps one connection, a session per request opens ten per crawl."""
    connections = {s.cell.split("/")[0]: s.connections for s in load_session(good[0]).summaries}
    assert connections["requests-serial"] == 1
    assert connections["aiohttp-session-per-request"] == 10
    assert 1 < connections["aiohttp-gather"] <= 10


def test_memory_is_the_workers_own(good):
    """Peak memory is read, and is not the manager's, which has more loaded."""
    peaks = [summary.peak_rss_bytes for summary in load_session(good[0]).summaries]
    if sys.platform == "linux":
        assert all(10 * 2**20 < peak < 150 * 2**20 for peak in peaks)


def test_suite_holds_the_values_of_the_session(good):
    """`suite.json` is a pyperf suite whose values are the session's, with round and slots."""
    folder, _ = good
    session = load_session(folder)
    suite = pyperf.BenchmarkSuite.load(str(folder / "suite.json"))
    assert set(suite.get_benchmark_names()) == {cell.name for cell in session.plan.cells}
    for bench in suite:
        assert list(bench.get_values()) == session.values(bench.get_name())
        assert [run.get_metadata()["crawlbench_round"] for run in bench.get_runs()] == [1, 2]
        slots = [run.get_metadata()["crawlbench_slots"] for run in bench.get_runs()]
        assert all(len(text.split()) == 3 for text in slots)


@pytest.mark.parametrize("command", [["show"], ["stats"], ["compare_to", "suite.json"]])
def test_pyperf_reads_the_suite(good, command):
    """pyperf's own commands take the file as it is."""
    folder, _ = good
    call = [sys.executable, "-m", "pyperf", command[0], "suite.json", *command[1:]]
    outcome = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip()


def test_report_shows_a_session_again(good, crawlbench):
    """`report` prints what `run` printed, and Markdown as `table.md` has it."""
    folder, outcome = good
    assert crawlbench("report", folder).stdout == outcome.stdout
    markdown = crawlbench("report", folder, "--format", "markdown").stdout
    assert markdown == (folder / "table.md").read_text(encoding="utf-8")


def test_terminal_output_fits_80_columns(good):
    """No line is longer than the terminal is wide."""
    assert max(len(line.rstrip()) for line in good[1].stdout.splitlines()) <= 80


def test_trace_of_one_crawl_of_each_cell_is_kept(good, crawlbench):
    """Ten requests each; a session that has no reason to go on keeps it byte for byte."""
    folder, _ = good
    names = [cell.name for cell in load_session(folder).plan.cells]
    assert Counter(one.cell for one in load_trace(folder)) == dict.fromkeys(names, 10)
    before = (folder / "trace.jsonl.gz").read_bytes()
    assert crawlbench("run", "--resume", folder).returncode == 0
    assert (folder / "trace.jsonl.gz").read_bytes() == before


def test_broken_cells_exit_with_four(broken, broken_names):
    """Something was invalid: exit code 4 and a sentence."""
    _, outcome = broken
    assert outcome.returncode == 4, outcome.stderr
    assert f"crawlbench: {len(broken_names)} cells are invalid" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        pytest.param(*item, marks=() if item[0] in ALWAYS else pytest.mark.long)
        for item in BROKEN.items()
    ],
)
def test_broken_cell_is_invalid_with_its_first_difference(broken, strategy, reason):
    """Each way to be wrong is found, named, and never timed."""
    folder, _ = broken
    session = load_session(folder)
    (failure,) = [f for f in session.failures if f.cell.startswith(f"{strategy}/")]
    assert reason in failure.reason
    assert "\n" not in failure.reason
    assert all(not summary.cell.startswith(strategy) for summary in session.summaries)
    (comparison,) = [c for c in session.against_baseline() if c.cell == failure.cell]
    assert comparison.verdict is Verdict.INVALID
    assert comparison.estimate is None
    table = (folder / "table.md").read_text(encoding="utf-8")
    (row,) = [line for line in table.splitlines() if line.startswith(f"| {strategy} ")]
    assert "| - | - | - | invalid |" in row


def test_broken_cells_leave_the_others_unharmed(broken):
    """The cells beside them have all their values and their control a verdict's ground."""
    session = load_session(broken[0])
    assert {s.cell.split("/")[0] for s in session.summaries} == {"requests-serial"}
    assert {summary.values for summary in session.summaries} == {2 * 2}
    assert session.controls[0].estimate is not None
    assert math.isfinite(session.controls[0].estimate)


def test_cell_that_turns_bad_in_a_round_says_which(broken):
    """A cell that was right in the calibration is dropped where it goes wrong."""
    session = load_session(broken[0])
    (failure,) = [f for f in session.failures if f.cell.startswith("broken-late")]
    assert failure.round == 1
    assert "(round 1, in " in failure.reason


def start(folder, *arguments):
    """Start a long session of one cell and its twin, and return it when a round is over."""
    call = command_line(*words_of(folder, "one.toml", "--seed", 17, *arguments))
    process = subprocess.Popen(**call, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in process.stderr:
        if line.startswith("round 1 "):
            return process
    raise AssertionError("no round was finished")


def assert_gone(processes):
    """Assert that these processes end within seconds."""
    _, alive = psutil.wait_procs(processes, timeout=15)
    assert not alive


def refuse_others(crawlbench, folder, owner):
    """Assert that whoever else would write into a session's folder is told who does."""
    for call in (
        ("run", "--resume", folder),
        ("report", folder, "--format", "html", "-o", folder / "other.html"),
    ):
        done = crawlbench(*call)
        assert done.returncode == 2, done.stderr
        assert f"is being written by process {owner} on " in done.stderr
        assert done.stderr.endswith("; wait until that has ended, or end it\n")
    assert crawlbench("report", folder).returncode == 0  # reading is free


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize(
    "name", ["SIGINT", *(pytest.param(n, marks=pytest.mark.long) for n in ("SIGTERM", "SIGHUP"))]
)
def test_interrupted_session_keeps_what_was_finished(tmp_path, name, crawlbench):
    """Finished rounds are valid and reported, nothing stays behind; meanwhile it has one writer."""
    number = getattr(signal, name)
    folder = tmp_path / "session"
    process = start(folder, "--rounds", 50)
    children = psutil.Process(process.pid).children(recursive=True)
    if name == "SIGINT":
        process.send_signal(signal.SIGSTOP)  # it is the owner, but measures nothing meanwhile
        refuse_others(crawlbench, folder, process.pid)
        process.send_signal(signal.SIGCONT)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "it was interrupted" in " ".join(output.split())
    assert "Traceback" not in errors
    session = load_session(folder)
    assert session.ending == "interrupted"
    assert 1 <= len(session.rounds) < 50
    assert (folder / "table.md").exists()
    assert_gone(children)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.long
def test_killed_manager_leaves_no_process_and_a_whole_session(tmp_path):
    """SIGKILL to the manager: mirrors and workers end by themselves, the folder loads."""
    folder = tmp_path / "session"
    process = start(folder, "--rounds", 50, "--timeout", 5)
    time.sleep(1.5)  # into the second round
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.kill()
    process.communicate(timeout=30)
    assert_gone(children)
    assert len(load_session(folder).rounds) >= 1
    assert load_session(folder).ending == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_death_of_the_mirror_ends_the_session_with_one_message(tmp_path):
    """The mirror killed in mid-session: one clear message, the rounds so far kept, exit 4."""
    folder = tmp_path / "session"
    process = start(folder, "--rounds", 50)
    children = psutil.Process(process.pid).children(recursive=True)
    (mirror,) = [c for c in children if "crawlbench.mirror.child" in c.cmdline()]
    mirror.kill()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 4
    complaints = [line for line in errors.splitlines() if line.startswith("crawlbench: ")]
    assert len(complaints) == 1
    assert "the mirror of network 'loopback' died" in complaints[0]
    session = load_session(folder)
    assert session.ending == "mirror"
    assert not session.failures
    assert len(session.rounds) >= 1
    assert_gone(children)
