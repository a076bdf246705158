"""`compare`, `doctor`, `aa` and `run --resume`, on sessions that were really measured."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace

import msgspec
import pytest
from tests.cli.test_cli import assert_refused
from tests.measure.test_store import write

from crawlbench.measure.store import load_session
from crawlbench.stats.judge import judge

pytestmark = pytest.mark.slow

FEW = ("-s", "http-client-serial", "-s", "http-client-threads")
SMALL = (
    "quick",
    *FEW,
    "--baseline",
    "http-client-serial",
    "-n",
    "loopback",
    "--rounds",
    1,
    "--laps",
    2,
)


@pytest.fixture(scope="module")
def session(tmp_path_factory, call_in):
    """Return the folder of a small session."""
    folder = tmp_path_factory.mktemp("referee") / "session"
    done = call_in(folder.parent, "run", *SMALL, "-o", folder)
    assert done.returncode == 0, done.stderr
    return folder


def edited(session, tmp_path, change, name="edited"):
    """Return a copy of a session whose `session.json` was changed."""
    folder = tmp_path / name
    shutil.copytree(session, folder)
    content = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    change(content)
    (folder / "session.json").write_bytes(msgspec.json.encode(content))
    return folder


ROUNDS = 15
"""As many as tell 5 % between two sessions, whose own variance is in the intervals."""


def steady(session, tmp_path, factor=1.0):
    """Return a copy with times as a steady machine gives them, one strategy slower by a factor.

    Nothing else ran on it, so that nobody waited for a CPU.
    """
    folder = tmp_path / f"times-{factor}"
    folder.mkdir()
    old = load_session(session)

    def set_time(number, sample):
        wobble = 1 + 0.01 * ((7 * number + 3 * sample.lap + 5 * len(sample.cell)) % 11 - 5) / 5
        seconds = 0.05 * wobble * (factor if sample.cell.startswith("http-client-threads") else 1)
        used = {"cpu_s": 0.9 * seconds, "cpu_user_s": 0.8 * seconds, "cpu_system_s": 0.1 * seconds}
        waited = {"cpu_wait_s": 0.0, "mirror_wait_s": 0.0, "mirror_cpu_s": 0.001}
        return replace(sample, seconds=seconds, **used, **waited)

    rounds = tuple(
        replace(
            old.rounds[number % len(old.rounds)],
            number=number + 1,
            samples=tuple(
                set_time(number, s) for s in old.rounds[number % len(old.rounds)].samples
            ),
            anchors=tuple(
                replace(anchor, computing_s=0.001, sending_s=0.001)
                for anchor in old.rounds[number % len(old.rounds)].anchors
            ),
        )
        for number in range(ROUNDS)
    )
    return write(folder, judge(replace(old, rounds=rounds)))


def test_session_against_itself_is_no_change(crawlbench, session):
    """Ratio 1 for every cell, no gate, exit code 0."""
    outcome = crawlbench("compare", session, session)
    assert outcome.returncode == 0, outcome.stderr
    assert "http-client-" in outcome.stdout
    assert "slower" not in outcome.stdout
    assert "hold the same rounds, which were measured once" in " ".join(outcome.stdout.split())


def test_gate_is_not_held_against_a_copy(crawlbench, session, tmp_path):
    """What a cache has brought twice was not measured twice: that must not pass."""
    copy = tmp_path / "copy"
    shutil.copytree(session, copy)
    outcome = crawlbench("compare", session, copy, "--fail-on", "slower:50%")
    assert_refused(outcome, "hold the same rounds, which were measured once; measure the head")


def test_gate_fails_on_a_planted_regression(crawlbench, session, tmp_path):
    """A fifth slower, on a steady machine: exit code 1 and a sentence."""
    base, head = steady(session, tmp_path), steady(session, tmp_path, 1.2)
    outcome = crawlbench("compare", base, head, "--fail-on", "slower:5%")
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "slower beyond the gate" in outcome.stderr


def test_gate_is_unclear_where_the_interval_is_wide(crawlbench, session, tmp_path):
    """Fifteen rounds cannot tell half a percent: exit code 3, never 1."""
    base, head = steady(session, tmp_path), steady(session, tmp_path, 1.005)
    outcome = crawlbench("compare", base, head, "--fail-on", "slower:0.5%")
    assert outcome.returncode == 3, outcome.stdout + outcome.stderr
    assert "unclear" in outcome.stderr


def test_gate_passes_where_nothing_is_slower(crawlbench, session, tmp_path):
    """The same times, or faster ones: exit code 0; 5 % no two sessions alone could exclude."""
    base = steady(session, tmp_path)
    for head in (steady(session, tmp_path, 0.9999), steady(session, tmp_path, 0.8)):
        outcome = crawlbench("compare", base, head, "--fail-on", "slower:10%")
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_other_version_of_crawlbench_is_refused(crawlbench, session, tmp_path):
    """What another version measured may be something else."""
    head = edited(session, tmp_path, lambda content: content.update(tool="0.0.9"))
    assert_refused(crawlbench("compare", session, head), "crawlbench 0.1.0 and 0.0.9")


@pytest.mark.parametrize("gate", ["faster", "slower:x%", "slower:5", ""])
def test_gate_that_is_none_is_refused(crawlbench, session, gate):
    """A gate has one form."""
    outcome = crawlbench("compare", session, session, "--fail-on", gate)
    assert_refused(outcome, "is not a gate; one looks like slower, slower:5% or")


@pytest.mark.parametrize("gate", ["page-slower:5%", "begin-slower:2ms", "cpu-page-slower"])
def test_gate_on_pages_is_refused_where_one_length_was_crawled(crawlbench, session, gate):
    """Nothing could be held against it: that must not pass."""
    outcome = crawlbench("compare", session, session, "--fail-on", gate)
    assert_refused(outcome, f"--fail-on {gate} cannot be checked: both sessions crawled one length")


def test_cpu_time_has_a_gate_between_sessions(crawlbench, session, tmp_path):
    """It lets the same CPU time pass, and no strategy that takes half as much again."""
    base, head = steady(session, tmp_path), steady(session, tmp_path, 1.5)
    same = steady(session, tmp_path, 0.9999)
    outcome = crawlbench("compare", base, same, "--fail-on", "cpu-slower:10%")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    outcome = crawlbench("compare", base, head, "--fail-on", "cpu-slower:10%")
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "CPU time" in outcome.stdout


def test_plain_pyperf_suites_are_compared_by_pyperf_and_labelled(crawlbench, session):
    """Without rounds there is no pairing, and no gate that could be believed."""
    suite = session / "suite.json"
    outcome = crawlbench("compare", suite, suite)
    assert outcome.returncode == 0, outcome.stderr
    assert "unpaired" in outcome.stdout
    assert crawlbench("compare", suite, suite, "--fail-on", "slower").returncode == 3


def test_suite_cut_in_half_is_refused(crawlbench, session, tmp_path):
    """pyperf's own words, in one sentence."""
    half = tmp_path / "half.json"
    half.write_bytes((session / "suite.json").read_bytes()[:2000])
    assert_refused(crawlbench("compare", half, session / "suite.json"), "pyperf cannot compare")


@pytest.mark.long
def test_finished_session_goes_on_with_more_rounds(crawlbench, tmp_path):
    """`--resume` adds rounds to the same folder, with the same loops and new orders.

    After one round nothing is answered, so that it has a reason to go on.
    """
    folder = tmp_path / "resumed"
    assert crawlbench("run", *SMALL, "--rounds", 1, "-o", folder).returncode == 0
    before = load_session(folder)
    outcome = crawlbench("run", "--resume", folder, "--rounds", 2)
    assert outcome.returncode == 0, outcome.stderr
    after = load_session(folder)
    assert after.rounds[:1] == before.rounds
    assert [record.number for record in after.rounds] == [1, 2]
    assert after.loops == before.loops
    assert after.seconds > before.seconds


def test_resume_refuses_another_machine(crawlbench, session, tmp_path):
    """Rounds of two machines, or of two versions of a strategy, do not belong together.

    What differs is listed.
    """

    def move(content):
        content["machine"]["cpu_model"] = "Another CPU"
        content["machine"]["versions"]["aiohttp"] = "3.0"
        content["codes"]["requests-serial"] = "0" * 64

    folder = edited(session, tmp_path, move)
    outcome = crawlbench("run", "--resume", folder, "--rounds", 9)
    code = "code of requests-serial: '000000000000' then"
    assert_refused(outcome, "cannot continue here", "'Another CPU' then", "aiohttp", code)


def test_resume_takes_no_other_plan(crawlbench, session):
    """What decides a value is the session's; only its end can be moved."""
    outcome = crawlbench("run", "--resume", session, "-s", "requests-serial", "--seed", 7)
    assert_refused(outcome, "so --strategy, --seed cannot be given")


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
def test_doctor_tells_what_would_disturb(crawlbench):
    """For people as lines, for scripts as JSON."""
    outcome = crawlbench("doctor")
    assert outcome.returncode == 0, outcome.stderr
    for label in ("CPUs", "load", "busy", "governor", "turbo"):
        assert label in outcome.stdout
    assert re.search(r"workers on [\d,-]+, mirror on [\d,-]+ *$", outcome.stdout, re.MULTILINE)
    found = json.loads(crawlbench("doctor", "--json").stdout)
    assert found["machine"]["cpu_count"] >= 1
    assert set(found) == {"machine", "conditions", "warnings", "pyperf", "kept_margin"}


@pytest.mark.long
def test_aa_reports_and_keeps_no_guess(crawlbench, tmp_path):
    """A strategy against itself, in laps and in blocks; two sessions have no 95th percentile."""
    outcome = crawlbench("aa", "--sessions", 2, "--rounds", 2, "--laps", 1, "--blocks")
    assert outcome.returncode == 0, outcome.stderr
    assert "laps" in outcome.stdout
    assert "blocks" in outcome.stdout
    assert "not kept: the 95th percentile of 2 sessions is a guess" in " ".join(
        outcome.stdout.split()
    )
    assert not list(tmp_path.rglob("margins.json"))


def test_aa_needs_two_rounds(crawlbench):
    """One round gives no interval."""
    assert_refused(crawlbench("aa", "--rounds", "1"), "--rounds 1 cannot be used")
