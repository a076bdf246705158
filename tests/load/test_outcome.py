"""Whether a rate was kept, and the reason: each from a figure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.load.fire import Run
from crawlbench.load.flow import Done, LoadReport, judge_step
from crawlbench.load.latency import encode_counts
from crawlbench.load.model import Arrival, GeneratorPart, Load, Lost, Target
from crawlbench.load.options import LoadOptions
from crawlbench.load.outcome import sum_up
from crawlbench.load.report import load_notes
from crawlbench.load.search import Goal

LOAD = Load(arrival=Arrival.CONSTANT, span_s=10.0, connections=8, rate_per_s=100.0, generators=1)
FAST = encode_counts({1000: 1000})
PART = GeneratorPart(
    number=0,
    due=1000,
    due_first=500,
    sent=1000,
    answered=1000,
    answered_in_span=1000,
    done_first=500,
    done_second=500,
    failed={},
    refused=0,
    received_bytes=1000,
    latency=FAST,
    service=FAST,
    lag=encode_counts({10: 1000}),
    cpu_share=0.1,
    cpu_wait_share=0.0,
    busy_share=0.0,
    unloaded_s=0.001,
    late_s=0.0,
    began_utc="2026-01-01T00:00:00+00:00",
)
TARGET = Target("127.0.0.1", 80, "/")
SHORT = replace(PART, done_second=300)


def outcome(*parts, load=LOAD, lost=(), cpu=None, requests=None):
    return sum_up(Run(load, parts, lost, cpu, requests))


def test_rate_is_kept_though_answers_are_slow():
    """What is in flight at the half and at the end cancels."""
    found = outcome(replace(PART, done_first=440, done_second=500))
    assert found.kept
    assert found.reasons == ()


@pytest.mark.parametrize("due", [2, 10, 1000])
def test_rate_is_not_kept_by_failures(due):
    """A server that answers 503 to everything, or never, has done nothing."""
    counts = {"due": due, "due_first": due // 2, "answered": 0, "done_first": 0, "done_second": 0}
    texts = {"latency": "", "service": ""}
    found = outcome(replace(PART, failed={"status 503": due}, **counts, **texts))
    assert found.kept is False
    assert found.reasons == (f"{due} of {due} requests failed",)
    assert set(found.latency_s.values()) == {None}


def test_failures_in_the_second_half_are_a_shortfall():
    """A tenth of all failed: the rate was not kept, and there is no slowest answer."""
    found = outcome(replace(PART, answered=900, done_first=450, done_second=450, failed={"x": 100}))
    assert found.kept is False
    assert found.latency_s["max"] is None
    assert found.service_s["max"] is not None


def test_few_requests_that_fail_are_not_taken_for_noise():
    """Three of ten in the second half; three that only come late are kept."""
    load = replace(LOAD, rate_per_s=2.0)
    slow = {"latency": encode_counts({3_000_000: 20}), "service": encode_counts({3_000_000: 20})}
    counts = {"due": 20, "due_first": 10, "answered": 20, "done_first": 10, "done_second": 7}
    late = replace(PART, unloaded_s=3.0, **slow, **counts)
    assert outcome(late, load=load).kept
    failed = replace(late, answered=17, failed={"status 503": 3})
    found = outcome(failed, load=load)
    assert found.kept is False
    assert found.reasons == ("3 of 20 requests failed",)


@pytest.mark.parametrize(("failed", "kept"), [(10, True), (11, False)])
def test_one_in_a_hundred_may_fail(failed, kept):
    """Wherever in the run; here all in the first half."""
    changes = {"answered": 1000 - failed, "done_first": 500 - failed}
    found = outcome(replace(PART, failed={"reset": failed}, **changes))
    assert found.kept is kept
    assert bool(found.reasons) is not kept


def test_overload_does_not_widen_what_excuses_it():
    """Answers that take ever longer leave as little slack as those of a server that keeps up."""
    slow = encode_counts({2_000_000: 1000})
    assert outcome(replace(PART, service=slow, done_first=300, done_second=480)).kept is False
    assert outcome(replace(PART, done_second=495)).kept


def test_closed_arrival_has_no_rate_to_keep():
    """So nothing is said about it."""
    closed = replace(LOAD, arrival=Arrival.CLOSED, rate_per_s=None)
    assert outcome(replace(PART, lag=""), load=closed).kept is None


@pytest.mark.parametrize(
    ("changes", "cpu", "reason"),
    [
        ({"cpu_share": 0.97}, None, "a generator used 97% of a CPU"),
        (
            {"cpu_wait_share": 0.4, "lag": encode_counts({20_000: 1000})},
            None,
            "waited for a CPU 40% of the time, and its sender was late by 20.0 ms",
        ),
        ({}, 0.95, "the mirror used 95% of a CPU"),
        ({"busy_share": 0.9}, None, "an answer takes 1.0 ms (p50), as when unloaded"),
        (
            {"busy_share": 0.9, "service": encode_counts({80_000: 1000})},
            None,
            "the server was slow: 80.1 ms for an answer (p50), 1.0 ms when asked by one",
        ),
        (
            {"busy_share": 0.9, "failed": {"no answer by the end": 2, "timeout": 3}},
            None,
            "busy 90% of the time, as the server left 5 requests without an answer",
        ),
        # Of eight connections, one waited for a tenth of the time: that is not why.
        ({"busy_share": 0.9, "failed": {"timeout": 1}}, None, "more connections are needed"),
        ({"busy_share": 0.9, "failed": {"reset": 9}}, None, "more connections are needed"),
        ({"refused": 7}, None, "7 new connections were refused"),
        ({}, None, "nothing that was measured stands out"),
    ],
)
def test_reason_of_a_rate_that_was_not_kept_is_what_was_measured(changes, cpu, reason):
    """Each reason names its figure; without one, none is guessed."""
    found = outcome(replace(SHORT, **changes), cpu=cpu)
    assert found.kept is False
    told = [text for text in found.reasons if "requests failed" not in text]
    assert [text for text in told if reason in text] == told
    assert len(told) == 1


@pytest.mark.parametrize(
    ("load", "name"),
    [(LOAD, "open, constant"), (replace(LOAD, arrival=Arrival.CLOSED, rate_per_s=None), "closed")],
)
def test_generator_without_cpu_to_spare_is_told_of_any_run(load, name):
    """Also where no rate was missed: the figures may be those of the generator."""
    run = Run(load, (replace(PART, cpu_share=0.97),), (), 0.95, None)
    found = sum_up(run)
    assert found.reasons == ()
    assert "a generator used 97% of a CPU" in found.generator_limit
    assert found.mirror_limit == "the mirror used 95% of a CPU"
    options = LoadOptions(loads=(load,), goal=None, step=load)
    notes = load_notes(LoadReport(options, TARGET, "here", (Done(run, found),), None))
    assert ("warning", f"{name}: {found.generator_limit}") in notes


def test_step_that_misses_the_goal_tells_what_had_no_more_to_give():
    """The server may be good for more."""
    found = outcome(replace(PART, cpu_share=0.97), cpu=0.95)
    step = judge_step(Goal(0.99, 0.0005), 100.0, found)
    assert step.why == (
        "p99 is 1.00 ms; a generator used 97% of a CPU: more generators, and CPUs, are needed; "
        "the mirror used 95% of a CPU"
    )
    assert judge_step(Goal(0.99, 1.0), 100.0, found).held


def test_lost_generator_is_a_reason_and_its_requests_are_missing():
    """What the mirror saw beyond what was delivered is told, not made up."""
    lost = (Lost(1, "process 7", "ended by SIGKILL", 50.0),)
    found = outcome(PART, lost=lost, requests=1300)
    assert found.kept is False
    assert found.reasons == ("generator 1 was lost: ended by SIGKILL",)
    assert (found.due, found.missing) == (1000, 300)


def test_parts_add_up():
    """Counts are added, percentiles are those of all."""
    slow = replace(PART, number=1, latency=encode_counts({50_000: 1000}), failed={"reset": 3})
    found = outcome(PART, slow)
    assert (found.due, found.answered, found.failed) == (2000, 2000, {"reset": 3})
    assert found.latency_s["p50"] == pytest.approx(0.05, rel=0.001)
    assert found.achieved_per_s == 200.0


def test_run_without_any_part_has_no_figures():
    """All generators lost."""
    found = outcome(lost=(Lost(0, "process 7", "ended by SIGKILL", 100.0),))
    assert set(found.latency_s.values()) == {None}
    assert found.kept is False


def test_run_in_which_nothing_was_due_says_so():
    """Random arrival may draw no request in a short run: neither kept nor anybody's fault."""
    counts = dict.fromkeys(("due", "due_first", "sent", "answered", "done_first", "done_second"), 0)
    found = outcome(replace(PART, latency="", service="", lag="", **counts))
    assert found.reasons == ("no request was due: at this rate, the run is too short",)
    assert "no request was due" in judge_step(Goal(0.99, 1.0), 100.0, found).why
