"""`crawlbench load` as a user calls it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess

import psutil
import pytest

from crawlbench.base import scheduler
from crawlbench.base.errors import NotInstalledError, StorageError, UsageError
from crawlbench.cli import load
from crawlbench.cli.app import app
from crawlbench.load import latency, options
from crawlbench.load.fire import Run
from crawlbench.load.flow import Done, LoadReport
from crawlbench.load.latency import merge, quantile
from crawlbench.load.outcome import sum_up
from tests.conftest import command_line
from tests.load.servers import Server
from tests.load.test_outcome import LOAD, PART, TARGET

OWN = ("--url", "http://127.0.0.1:9/", "--i-own-this", "127.0.0.1")


def test_closed_and_open_stand_beside_each_other(crawlbench, tmp_path):
    """A table, a folder with JSON and a picture."""
    done = crawlbench("load", "-c", "4", "--rate", "200", "-d", "0.5", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert "closed  open, constant" in done.stdout
    for word in ("p50", "p90", "p99", "p99.9", "max", "achieved", "0 of 100"):
        assert word in done.stdout
    whole = json.loads((tmp_path / "out" / "load.json").read_text())
    assert whole["format"] == 1
    closed, opened = whole["runs"]
    assert (closed["load"]["arrival"], opened["load"]["arrival"]) == ("closed", "constant")
    assert opened["due"] == opened["answered"] == opened["server_requests"] == 100
    histogram = merge([opened["histogram"]])
    assert histogram.get_total_count() == 100
    assert quantile(histogram, 0.99) == opened["latency_s"]["p99"]
    assert (tmp_path / "out" / "latency.svg").read_text().startswith("<svg")


@pytest.mark.long
def test_search_finds_no_more_than_the_connections_can_give(crawlbench):
    """Against a network of 40 ms, 32 connections give less than 800 per second."""
    done = crawlbench(
        *("load", "--find", "p50=300ms", "--rate", "500", "--pool", "32", "-n", "wan@40ms"),
        *("--step", "0.3", "--json"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["find"]
    assert (found["goal"], found["stopped"]) == ("p50=300ms", None)
    assert any(step["is_confirmation"] for step in found["steps"])
    held = found["rate_per_s"]  # null on a machine that is too busy to hold any rate twice
    assert held is None or held < found["failed_per_s"]
    assert held is None or held < 850


@pytest.mark.long
def test_search_finds_a_rate_that_is_easy_to_hold(monkeypatch, capsys):
    """The bound is far below what the connections give: it, or a little less on a busy machine."""
    monkeypatch.setattr(options, "MAX_PER_S", 400.0)
    call = ["load", "--find", "p50=10s", "--rate", "200", "-n", "wan@100ms", "--step", "0.5"]
    app([*call, "--json"], standalone_mode=False)
    found = json.loads(capsys.readouterr().out)["find"]
    assert 100 < found["rate_per_s"] <= 400
    assert found["failed_per_s"] is None or found["failed_per_s"] > found["rate_per_s"]
    assert (found["stopped"], found["goal"]) == (None, "p50=10000ms")
    confirmed = [step for step in found["steps"] if step["is_confirmation"] and step["held"]]
    assert confirmed[-1]["rate_per_s"] == found["rate_per_s"]


def interrupt(folder, number, words, *call):
    """Begin a load, send a signal once these words are said; return code, output and errors."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": folder}
    with subprocess.Popen(**command_line("load", *call, **pipes)) as process:
        assert any(words in line for line in process.stderr)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        try:
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert not psutil.wait_procs(children, timeout=30)[1]
    return process.returncode, output, errors


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_interrupted_load_keeps_the_run_that_was_finished(tmp_path, number):
    """Shown and written; the search after it, with a step of minutes, is not waited for."""
    call = ("-c", "2", "-d", "0.5", "--find", "p50=10s", "--step", "500", "-o", "out", "--json")
    code, output, errors = interrupt(tmp_path, number, "looking for the highest", *call)
    assert (code, errors) == (130, "")
    whole = json.loads(output)
    assert json.loads((tmp_path / "out" / "load.json").read_text()) == whole
    assert (whole["stopped"], whole["find"]) == ("interrupted", None)
    assert [run["load"]["arrival"] for run in whole["runs"]] == ["closed"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM]
)
def test_load_that_is_interrupted_in_its_first_run_leaves_nothing(tmp_path, number):
    """No folder, no output, no traceback."""
    call = ("-c", "2", "-d", "500", "-o", "out")
    told = interrupt(tmp_path, number, "closed, 2 connections, 1 generator, ", *call)
    assert told == (130, "", "")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_load_under_nohup_outlives_its_terminal(tmp_path):
    """Whoever ignores the hangup of a terminal does so because the load is to go on."""
    call = command_line("load", "-c", "1", "-d", "1", "--json", cwd=tmp_path)
    call["args"] = ["nohup", *call["args"]]
    pipe = subprocess.PIPE
    with subprocess.Popen(**call, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert any("closed, 1 connection, " in line for line in process.stderr)
        process.send_signal(signal.SIGHUP)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(output)["stopped"] is None


def test_server_that_only_fails_is_written_and_is_an_error(crawlbench, tmp_path):
    """The figures are there, but the exit code tells that they are none of a working server."""
    with Server("busy") as server:
        call = ("load", "--url", server.url(), "--rate", "20", "-d", "0.5", "-o", "out", "--json")
        done = crawlbench(*call, "--i-own-this", "127.0.0.1")
    assert done.returncode == 4
    assert "all 10 requests of a run failed: status 503" in done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert run["kept"] is False
    assert set(run["latency_s"].values()) == {None}
    assert json.loads((tmp_path / "out" / "load.json").read_text())["runs"] == [run]


def test_address_of_ones_own_is_loaded(crawlbench):
    """With its host named."""
    with Server() as server:
        call = ("load", "--url", server.url(), "-c", "2", "-d", "0.3", "--json")
        done = crawlbench(*call, "--i-own-this", "127.0.0.1")
        assert done.returncode == 0, done.stderr
        (run,) = json.loads(done.stdout)["runs"]
        seen = server.requests
        refused = [crawlbench(*call), crawlbench(*call, "--i-own-this", "localhost")]
        assert server.requests == seen
    assert run["sent"] == seen - 5  # probes
    for refusal in refused:
        assert refusal.returncode == 2
        assert "add --i-own-this 127.0.0.1" in refusal.stderr
        assert len(refusal.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--i-own-this", "localhost"), "without --url"),
        (("--url", "http://127.0.0.1:99999/", "--i-own-this", "127.0.0.1"), "is not an address"),
        (("--cluster", "tls://127.0.0.1:9"), "no Dask scheduler at 'tls://127.0.0.1:9'"),
        (("-d", "1000"), "--duration 1000 cannot be used"),
        (("-d", "0.0001"), "--duration 0.0001 cannot be used: give 0.1 or more"),
        (("--find", "p99=1s", "--step", "0.01"), "--step 0.01 cannot be used: give 0.1 or more"),
        (("--ca-file", "ca.pem"), "--ca-file 'ca.pem' cannot be used without --url"),
        ((*OWN, "--ca-file", "no.pem"), "--ca-file 'no.pem' cannot be used: No such file"),
        ((*OWN, "--ca-file", os.devnull), "it has no certificate in PEM form"),
        (("--rate", "1e9"), "--rate 1e+09 cannot be used"),
        (
            (*OWN, "--rate", "20000"),
            "--rate 20000 cannot be used: give 10000 or less",
        ),
        (("--find", "p99"), "is not a goal"),
        (("-n", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(crawlbench, arguments, words, tmp_path):
    """Before anything is started or made."""
    done = crawlbench("load", *arguments, "-o", "out")
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--find", "p99=1s", "--rate", "1e6"), "--rate 1e\\+06 cannot be used"),
        ((*OWN, "--find", "p99=1s", "--rate", "20000"), "--rate 20000 cannot be used"),
        (("--rate", "0.3", "-d", "3"), "no whole request in 3 s; give a higher rate, or -d 4"),
        (("--url", "http://127.0.0.1:0/", "--i-own-this", "127.0.0.1"), "is not an address"),
        (("--url", "http://me:x@localhost/", "--i-own-this", "localhost"), "names the user 'me'"),
    ],
)
def test_what_would_load_something_else_is_refused(arguments, words):
    """Another rate than was asked for, another port, or a page that knows its user."""
    with pytest.raises(UsageError, match=words):
        app(["load", *arguments], standalone_mode=False)


def test_server_that_is_not_there_leaves_no_folder(crawlbench, tmp_path):
    """So the same command can be given again."""
    with Server() as server:
        url = server.url()
    done = crawlbench("load", "--url", url, "--i-own-this", "127.0.0.1", "-o", "out")
    assert done.returncode == 4
    assert "did not begin" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("room", "require"),
    [(scheduler, scheduler.require_dask), (latency, latency.require_histograms)],
)
def test_missing_extra_names_the_command(monkeypatch, room, require):
    """Without the extra `cluster`."""
    monkeypatch.setattr(room, "find_spec", lambda _: None)
    with pytest.raises(NotInstalledError, match="crawlbench's extra 'cluster'"):
        require()


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder that is in use")
@pytest.mark.parametrize("is_file", [False, True])
def test_figures_are_shown_though_their_folder_was_taken_away(
    tmp_path, monkeypatch, capsys, is_file
):
    """What was measured is not lost, and the sentence says what could not be written."""
    folder = tmp_path / "out"
    run = Run(LOAD, (PART,), (), None, None)

    async def take_away(options, _):
        shutil.rmtree(folder)
        if is_file:
            folder.touch()
        return LoadReport(options, TARGET, "here", (Done(run, sum_up(run)),), None)

    monkeypatch.setattr(load, "run_load", take_away)
    with pytest.raises(StorageError, match=r"load\.json' cannot be written: No"):
        app(["load", "--rate", "100", "-o", str(folder)], standalone_mode=False)
    assert "0 of 1000" in capsys.readouterr().out
