"""Habits of people who know hyperfine, k6, uv, git or pyperf: each works, or is told what does."""

from __future__ import annotations

import re
import shlex
import sys

import pytest
from tests.cli.test_help import COMMANDS

from crawlbench.cli import habits
from crawlbench.cli.app import main

WORKS = (
    *("", "-h", "--help", "help", "help run", "help mirror", "help mirror serve"),
    *("-V", "--version", "run -h", "mirror -h", "mirror serve -h", "env -h", "list", "list --json"),
)
TOLD = {
    "version": "`crawlbench --version`",
    "ls": "Did you mean 'list'?",
    "bench": "`crawlbench run`",
    "reprot": "Did you mean 'report'?",
    "diff a b": "`crawlbench compare BASE HEAD`",
    "show results/x": "`crawlbench report`",
    "serve": "`crawlbench mirror serve`",
    "strategies": "`crawlbench list strategies`",
    "bisect a b c": "`crawlbench ab --bisect BASE ... HEAD`",
    "tune": "`crawlbench doctor`",
    "clean": "`crawlbench env remove --all`",
    "run --runs 5": "--rounds",
    "run --iterations 5": "--rounds",
    "run -r 5": "--rounds",
    "run -w 3": "docs/suites.md",
    "run --warmup 3": "docs/suites.md",
    "run --vus 10": "--concurrency",
    "run -j 4": "--concurrency",
    "run -d 30": "--budget",
    "run --time 30": "--budget",
    "run --export-json x.json": "--json",
    "run --overwrite": "--force",
    "run --export-markdown x.md": "`crawlbench report --format markdown`",
    "report --html": "`crawlbench report --format html`",
    "run --out x": "--output",
    "run --strategies x": "--strategy",
    "run --networks wan": "--network",
    "run --url http://x": "`crawlbench load --url`",
    "run --quick": "`crawlbench run quick`",
    "run --debug": "--verbose",
    "run -k aiohttp": "--strategy",
    "ab a b --threshold 5%": "--fail-on",
    "list strategy": "'strategies'",
    "--list": "`crawlbench list`",
    "--strategies": "`crawlbench list strategies`",
    "--no-color": "NO_COLOR=1",
    "--quiet": "after a command, as in `crawlbench run --quiet`",
    "--runs 5": "after a command, as in `crawlbench run --rounds`",
    "quick": "`crawlbench run quick`",
    "results": "`crawlbench report`",
    "csv": "`crawlbench report --format csv`",
    "plot": "`crawlbench report --format html`",
    "resume": "`crawlbench run --resume DIR`",
    "estimate": "`crawlbench plan`",
    "trend": "`crawlbench history results`",
    "cache clean": "`crawlbench env list`",
    "run quick full": "run it once for each",
    "list --json strategies -": "--json prints to standard output by itself",
    "compare a b c": "`crawlbench history FOLDER ...` takes many",
    "report a b": "`crawlbench compare BASE HEAD` takes two",
    "load http://localhost:8000": "--url http://localhost:8000",
    "crawl http://localhost/ -s x": "--url http://localhost/",
    "run --budget 30s": "--budget 30",
    "run --budget 3m": "--budget 180",
    "run --margin 5%": "--margin 5",
    "run -c 10,50": "--concurrency 10 --concurrency 50",
    "mirror serve --port 99999": "--port '99999' cannot be used: it must be less than",
    "env list x": "'x' is more than env list takes. See --help.",
    "load --find ''": "--find '' is not a goal",
    "run --rounds 1,2": "Give one number to --rounds",
    "load --rate 100/s": "Give the number alone, per second: --rate 100",
    "run --no-color": "NO_COLOR=1",
    "run --dry-run": "`crawlbench plan`",
    "run -L c 1,10": "`crawlbench sweep concurrency 1 10`",
    "run --latency 150ms": "`-n wan@150ms`",
    "run --reference x": "--baseline",
    "run --epsilon 5": "--margin",
    "run --python 3.13": "--env",
    "run --uvloop": "`--loop uvloop`",
    "run --rps 100": "`crawlbench load --rate`",
    "run requests-serial": "it is a strategy: -s requests-serial",
    "run defualt": "did you mean 'default'?",
    "run -s requests": "'requests-*' takes the",
    "run -s requests-sreial": "did you mean 'requests-serial'?",
    "run -s uvloop": "it is an event loop",
    "run -n loopback,wan": "give each name with an option of its own",
    "run -s requests-serial,aiohttp-gather": "give each name with an option of its own",
}


def call(typed, monkeypatch, capsys):
    """Return exit code, standard output and standard error of what was typed."""
    monkeypatch.setattr(sys, "argv", ["crawlbench", *shlex.split(typed)])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


@pytest.mark.parametrize("typed", WORKS)
def test_habit_works(typed, monkeypatch, capsys):
    """Something is printed, and nothing is complained of."""
    code, out, err = call(typed, monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert out


@pytest.mark.parametrize("typed", TOLD)
def test_habit_is_told_what_works(typed, monkeypatch, capsys):
    """In one sentence or two, on one line."""
    code, out, err = call(typed, monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert TOLD[typed] in err
    assert len(err) < 400, "no list that fills the screen"
    assert "??" not in err
    assert ".." not in err.replace("...", "")


def test_what_is_suggested_exists():
    """A command, and options of it; none is named after what we have ourselves."""
    for text in (*habits.COMMANDS.values(), *habits.OPTIONS.values()):
        for words in re.findall(r"crawlbench ([^`]+)", text):
            known = [name for name in COMMANDS if f"{words} ".startswith(f"{name} ")]
            others = ("--version", "mirror {", "list {", "run {", "env")
            assert known or words.startswith(others), words
    assert not set(habits.COMMANDS) & set(COMMANDS)


def test_option_that_the_command_lacks_is_not_suggested(monkeypatch, capsys):
    """`compare` measures nothing, and has no rounds."""
    _, _, err = call("compare a b --runs 3", monkeypatch, capsys)
    assert "--rounds" not in err
