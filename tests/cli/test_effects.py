"""Options that a call has no use for are refused, if somebody typed them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawlbench.cli.app import main

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
FILE = REFERENCE / "session.json"
URL = ("--url", "http://127.0.0.1:9/", "--i-own-this", "127.0.0.1")


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Return a function that calls crawlbench in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["crawlbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code or 0, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("history", REFERENCE, "--json", "-o", "page.html"), "--output would have no effect: "),
        (("compare", FILE, FILE, "--margin", "2"), "--margin would have no effect: files are"),
        (("sweep", "concurrency", "-c", "10"), "--concurrency would have no effect: a sweep of"),
        (("sweep", "pages", "--site", "index"), "--site would have no effect: a sweep of pages"),
        (("sweep", "body", "--site", "index"), "--site would have no effect: a sweep of body"),
        (("run", "quick", "--json", "-v"), "--verbose would have no effect: JSON always holds"),
        (("sweep", "pages", "--json", "-v"), "--verbose would have no effect: JSON always holds"),
        (("report", REFERENCE, "--json", "-q"), "--quiet would have no effect: a report as json"),
        (("report", REFERENCE, "-v", "--format", "csv", "-o", "-"), "--verbose would have no"),
        (("load", *URL, "--site", "index"), "--site would have no effect: --url names the page"),
        (("history", REFERENCE, "--json", "--force"), "--force would have no effect: --json"),
        (("load", "--find", "p99=50ms", "-d", "9"), "--duration would have no effect: each step"),
        (("load", "-c", "2", "--step", "1"), "--step would have no effect: only --find takes"),
    ],
)
def test_option_without_effect_is_one_sentence(call, arguments, sentence):
    """Exit 2, before anything is measured, drawn or written."""
    code, output, errors = call(*arguments)
    assert (code, output) == (2, "")
    (line,) = errors.splitlines()
    assert sentence in line
    assert line.endswith("; leave it out")


def test_options_without_effect_are_refused_together(call):
    """Whoever leaves one out is not told of the next."""
    code, _, errors = call("load", "-c", "2", "--pool", "9", "--arrival", "poisson")
    assert code == 2
    assert "--arrival and --pool would have no effect: only --rate and --find" in errors
    assert errors.endswith("; leave them out\n")


def test_options_that_were_not_typed_are_not_refused(call, tmp_path):
    """A project's settings are for many calls, and not each has a use for all of them."""
    settings = "[tool.crawlbench.report]\nquiet = true\n[tool.crawlbench.history]\noutput = 'x'\n"
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    for command in ("report", "history"):
        code, output, errors = call(command, REFERENCE, "--json")
        assert code == 0, errors
        assert json.loads(output)


def test_report_in_a_file_is_as_long_as_was_asked(call):
    """Whole, unless somebody asks for less."""
    for name, typed in (("usual", ()), ("all", ("-v",)), ("answer", ("-q",))):
        code, _, errors = call("report", REFERENCE, *typed, "-o", name)
        assert code == 0, errors
    usual, whole, answer = (Path(name).read_bytes() for name in ("usual", "all", "answer"))
    assert usual == whole
    assert 0 < len(answer) < len(usual) / 2
