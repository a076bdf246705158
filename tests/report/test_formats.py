"""What goes out to CI tools: read by their own readers where these can be installed."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from crawlbench.measure.store import load_session
from crawlbench.report.numbers import format_ratio, format_seconds
from crawlbench.report.results import results_schema
from crawlbench.stats.judge import judge
from tests.report.sessions import BROKEN, FAST, concluded
from tests.report.views import EXPORTS, everything_table, results_of
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session

ROOT = Path(__file__).parents[2]
SESSION = load_session(ROOT / "results" / "reference")
TIMED = [cell for cell in results_of(SESSION).cells if cell.role != "control"]


def export(name, session=SESSION):
    return json.loads(EXPORTS[name](session))


@pytest.mark.parametrize("session", [SESSION, concluded(), concluded(summaries=(), comparisons=())])
def test_json_is_as_its_schema_says(session):
    """The published schema is the one in docs."""
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    assert schema == results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(export("json", session), schema)
    broken = {**export("json", session), "cells": [{"cell": 1}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_numbers_are_those_of_the_tables():
    """Rounded as the tables round them, the exported numbers are the tables' texts."""
    table = everything_table(SESSION)
    headers = [column.header for column in table.columns]
    shown = {
        (
            row[headers.index("per crawl")],
            row[headers.index("ratio")],
            row[headers.index("verdict")],
        )
        for row in table.rows
    }
    for cell in TIMED:
        seconds = format_seconds(cell.seconds, cell.seconds_error)
        logs = [math.log(r) if r else 0.0 for r in (cell.ratio, cell.ratio_low, cell.ratio_high)]
        if cell.role == "contestant":
            assert (seconds, format_ratio(*logs), cell.verdict) in shown
        else:
            assert seconds in {row[0] for row in shown}


def test_all_formats_agree():
    """One number per cell, whatever the shape."""
    times = {cell.cell: cell.seconds for cell in TIMED}
    rows = csv.DictReader(io.StringIO(EXPORTS["csv"](SESSION)))
    assert {r["cell"]: float(r["seconds"]) for r in rows if r["role"] != "control"} == times
    assert {e["name"]: e["value"] for e in export("github-time")} == times
    latencies = {name: m["latency"]["value"] / 1e9 for name, m in export("bencher").items()}
    assert latencies == pytest.approx(times)
    means = {b["name"]: b["stats"]["mean"] for b in export("pytest-benchmark")["benchmarks"]}
    assert means == pytest.approx(times, rel=0.1)  # means there, typical times here
    asv = export("asv")
    columns = dict(zip(asv["result_columns"], asv["results"]["crawlbench.time_crawl"], strict=True))
    assert dict(zip(times, columns["result"], strict=True)) == times


def test_github_action_benchmark_takes_it():
    """The rules of its `src/extract.ts`: a list that is not empty, of named numbers."""
    for name, units in (("github-time", {"s"}), ("github-rate", {"pages/s"})):
        entries = export(name)
        assert entries
        assert {entry["unit"] for entry in entries} == units
        assert len({entry["name"] for entry in entries}) == len(entries)
        for entry in entries:
            assert isinstance(entry["value"], float)
            assert isinstance(entry["extra"], str)
            low, high = map(float, entry.get("range", "0 to inf").split(" to "))
            assert low < entry["value"] < high


def test_bencher_takes_it():
    """The rules of its metric format: names, slugs and bounds."""
    for name, measures in export("bencher").items():
        assert 0 < len(name) <= 1024
        assert {"latency", "throughput"} <= measures.keys() <= {"latency", "throughput", "ratio"}
        for metric in measures.values():
            assert metric.get("lower_value", 0) <= metric["value"]
            assert metric["value"] <= metric.get("upper_value", math.inf)


def test_interval_of_a_noisy_time_stays_above_zero():
    """It is one of logarithms: it reaches down as many times as it reaches up."""
    rounds = [dict.fromkeys((BASELINE, CONTROL), [seconds] * 2) for seconds in (0.5, 1.0, 1.5)]
    session = judge(make_session(make_plan(), rounds))
    (cell,) = (one for one in results_of(session).cells if one.role == "baseline")
    assert cell.seconds_error > cell.seconds  # so that the time without it would be below 0
    latency = export("bencher", session)[cell.cell]["latency"]
    low, middle, high = (latency[name] for name in ("lower_value", "value", "upper_value"))
    assert 0 < low < middle < high
    assert middle / low == pytest.approx(high / middle)
    assert high == pytest.approx((cell.seconds + cell.seconds_error) * 1e9)
    (entry,) = export("github-time", session)
    told = [float(text) * 1e9 for text in entry["range"].split(" to ")]
    assert told == pytest.approx([low, high], rel=1e-4)
    one_round = judge(make_session(make_plan(), rounds[:1]))
    (entry,) = export("github-time", one_round)
    assert "range" not in entry
    (measures,) = export("bencher", one_round).values()
    assert len(set(measures["latency"].values())) == 1


def test_pytest_benchmark_reads_it(tmp_path):
    """Its own command compares it."""
    path = tmp_path / "0001_session.json"
    path.write_text(EXPORTS["pytest-benchmark"](SESSION), encoding="utf-8")
    command = [sys.executable, "-m", "pytest_benchmark", "compare", str(path), "--columns=mean,ops"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert all(cell.cell[:20] in done.stdout for cell in TIMED)


@pytest.mark.parametrize("count", range(1, 13))
def test_statistics_are_those_of_the_tools_themselves(count):
    """Of pytest-benchmark and asv, whose quartiles differ, for any number of values."""
    values = [1.5, 1.0, 1.25, 9.0, 1.125, 1.0, 1.75, 0.25, 1.5, 2.0, 1.375, 1.0][:count]
    session = judge(make_session(make_plan(), [{BASELINE: values, CONTROL: values}]))
    (bench,) = export("pytest-benchmark", session)["benchmarks"]
    theirs = pytest.importorskip("pytest_benchmark.stats").Stats()
    for value in values:
        theirs.update(value)
    ours = {name: bench["stats"][name] for name in theirs.fields}
    expected = theirs.as_dict()
    assert ours.pop("outliers") == expected.pop("outliers")
    assert ours == pytest.approx(expected)
    quantile = pytest.importorskip("asv_runner.statistics").quantile
    asv = export("asv", session)
    columns = dict(zip(asv["result_columns"], asv["results"]["crawlbench.time_crawl"], strict=True))
    for name, share in (("stats_q_25", 0.25), ("stats_q_75", 0.75)):
        assert columns[name] == pytest.approx([quantile(values, share)])


def test_asv_reads_it(tmp_path):
    """Its own reader finds a time for each cell."""
    results = pytest.importorskip("asv.results")
    path = tmp_path / "machine" / "abcdef12-existing.json"
    path.parent.mkdir()
    path.write_text(EXPORTS["asv"](SESSION), encoding="utf-8")
    loaded = results.Results.load(str(path))
    (key,) = loaded.get_all_result_keys()
    params = [[repr(cell.cell) for cell in TIMED]]
    assert loaded.get_result_value(key, params) == [cell.seconds for cell in TIMED]


def test_what_has_no_time_does_not_go_out():
    """CI would take it for a number, and a control's noise for a change."""
    session = concluded()
    names = {entry["name"] for entry in export("github-time", session)}
    assert FAST.name in names
    assert not {BROKEN.name, CONTROL.name} & names
    (broken,) = [cell for cell in export("json", session)["cells"] if cell["cell"] == BROKEN.name]
    assert (broken["seconds"], broken["verdict"]) == (None, "invalid")
    assert "rank 1 is missing" in broken["reason"]


def test_no_formula_gets_into_a_spreadsheet():
    """A plug-in's error may begin with anything."""
    session = concluded()
    failure = session.failures[0].__class__(BROKEN.name, 0, '=HYPERLINK("x")')
    text = EXPORTS["csv"](concluded(failures=(failure,)))
    assert "\n=" not in text
    assert ",=" not in text
    assert "'=HYPERLINK" in text
