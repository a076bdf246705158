"""Runs of all rounds become one pyperf suite."""

from __future__ import annotations

import json

import pyperf
import pytest
from tests.stats.builders import BASELINE, make_sample, other

from crawlbench.base.records import RoundRecord
from crawlbench.measure.collect import decode_runs, encode_runs, label_run, merge_runs, round_of

FAST = other("fast", "uvloop")


def make_run(cell, values, **metadata):
    """Return what a worker of two loops leaves: one warmup and these values."""
    described = {"name": cell.name, "loops": 2, "unit": "second", **metadata}
    return pyperf.Run(values, warmups=[(2, 9.9)], metadata=described, collect_metadata=False)


def make_record(number, *slots):
    """Return a round whose samples were taken in these slots by BASELINE, each before FAST."""
    samples = []
    for lap, slot in enumerate(slots):
        samples.append(make_sample(BASELINE, lap, 1.0, slot=slot, warmup=lap == 0))
        samples.append(make_sample(FAST, lap, 0.5, slot=1 - slot, warmup=lap == 0))
    return RoundRecord(number, "2026-01-01T00:00:00+00:00", 10.0, tuple(samples))


def test_run_is_labelled_with_its_round_and_its_slots():
    """Warmups and values in the order in which they were taken, of this cell only."""
    record = make_record(3, 0, 1, 0)
    base = label_run(make_run(BASELINE, [1.0, 1.1]), record, BASELINE.name).get_metadata()
    fast = label_run(make_run(FAST, [0.5, 0.6]), record, FAST.name).get_metadata()
    assert (base["crawlbench_round"], base["crawlbench_slots"]) == (3, "0 1 0")
    assert (fast["crawlbench_round"], fast["crawlbench_slots"]) == (3, "1 0 1")


def test_label_changes_nothing_else_of_a_run():
    """Values, warmups and the worker's own metadata stay; no manager's metadata comes in."""
    run = make_run(BASELINE, [1.0, 1.1], duration=0.25, python_version="3.13.0", cpu_count=4)
    labelled = label_run(run, make_record(1, 0, 1), BASELINE.name)
    assert labelled.values == (1.0, 1.1)
    assert labelled.warmups == ((2, 9.9),)
    assert labelled.get_loops() == 2
    added = {"crawlbench_round", "crawlbench_slots"}
    kept = {k: v for k, v in labelled.get_metadata().items() if k not in added}
    assert kept == run.get_metadata()


def test_run_without_warmups_can_be_labelled():
    """A suite may have none."""
    run = pyperf.Run([1.0], metadata={"name": "x"}, collect_metadata=False)
    assert label_run(run, make_record(1, 0), BASELINE.name).warmups == ()


def test_slot_of_a_single_value_stays_text():
    """It is not taken for a number in one run and for text in the next."""
    labelled = label_run(make_run(BASELINE, [1.0]), make_record(1, 1), BASELINE.name)
    assert labelled.get_metadata()["crawlbench_slots"] == "1"


def test_suite_has_a_benchmark_per_cell_with_all_rounds_in_order():
    """Cells keep the order in which they were given."""
    runs = {
        cell.name: [
            label_run(
                make_run(cell, [number + 0.25, number + 0.5]), make_record(number, 0, 1), cell.name
            )
            for number in (1, 2, 3)
        ]
        for cell in (FAST, BASELINE)
    }
    suite = merge_runs(runs)
    assert suite.get_benchmark_names() == [FAST.name, BASELINE.name]
    for bench in suite:
        assert list(bench.get_values()) == [1.25, 1.5, 2.25, 2.5, 3.25, 3.5]
        assert [run.get_metadata()["crawlbench_round"] for run in bench.get_runs()] == [1, 2, 3]


def test_cell_without_runs_is_left_out():
    """It has not reached the end of a round."""
    suite = merge_runs({BASELINE.name: [make_run(BASELINE, [1.0])], FAST.name: []})
    assert suite.get_benchmark_names() == [BASELINE.name]


@pytest.mark.parametrize("runs", [{}, {BASELINE.name: []}])
def test_no_runs_are_no_suite(runs):
    """An empty suite is nothing that pyperf knows."""
    assert merge_runs(runs) is None


def test_suite_survives_its_file(tmp_path):
    """Values to the last bit, labels too."""
    values = [0.1 + 0.2, 1 / 3, 1e-9]
    run = label_run(make_run(BASELINE, values), make_record(1, 0, 1, 0, 1), BASELINE.name)
    path = tmp_path / "suite.json"
    merge_runs({BASELINE.name: [run]}).dump(str(path))
    (bench,) = pyperf.BenchmarkSuite.load(str(path))
    assert list(bench.get_values()) == values
    assert bench.get_runs()[0].get_metadata()["crawlbench_slots"] == "0 1 0 1"
    assert json.loads(path.read_text())["version"]


def test_rounds_of_different_workers_go_together():
    """What differs between processes, such as dates and loads, is no obstacle."""
    runs = [
        make_run(BASELINE, [1.0], date=f"2026-01-0{n} 00:00:00.000000", load_avg_1min=n / 2)
        for n in (1, 2)
    ]
    assert merge_runs({BASELINE.name: runs}).get_benchmark(BASELINE.name).get_nrun() == 2


@pytest.mark.parametrize("name", ["python_executable", "hostname", "aslr"])
def test_session_that_went_on_elsewhere_keeps_all_its_runs(name):
    """Only what differs is left out; a third time, what is left out differs from what is there."""
    runs = [make_run(BASELINE, [1.0], python_version="3.11", **{name: where}) for where in "ab"]
    kept = merge_runs({BASELINE.name: runs}).get_benchmark(BASELINE.name).get_runs()
    assert [run.get_metadata().get(name) for run in kept] == [None, None]
    assert {run.get_metadata()["python_version"] for run in kept} == {"3.11"}
    bench = merge_runs({BASELINE.name: [*kept, runs[1]]}).get_benchmark(BASELINE.name)
    assert [run.values for run in bench.get_runs()] == [(1.0,)] * 3
    assert [run.warmups for run in bench.get_runs()] == [((2, 9.9),)] * 3
    same = merge_runs({BASELINE.name: [runs[0], runs[0]]}).get_benchmark(BASELINE.name)
    assert same.get_metadata()[name] == "a"


def test_runs_of_different_things_are_never_put_together():
    """Another unit or version of Python is no matter of the place."""
    for name in ("unit", "python_version"):
        runs = [make_run(BASELINE, [1.0], **{name: what}) for what in ("second", "byte")]
        with pytest.raises(ValueError, match=name):
            merge_runs({BASELINE.name: runs})


def test_runs_of_a_round_are_one_line_and_come_back():
    """Values to the last bit; of a round without runs there is a line too."""
    run = label_run(make_run(BASELINE, [0.1 + 0.2, 1 / 3]), make_record(7, 0, 1, 0), BASELINE.name)
    line = encode_runs({BASELINE.name: [run], FAST.name: []})
    assert b"\n" not in line
    ((cell, back),) = decode_runs(line)
    assert (cell, back.values, round_of(back)) == (BASELINE.name, run.values, 7)
    assert back.get_metadata() == run.get_metadata()
    assert list(decode_runs(encode_runs({}))) == []
