"""Outputs, fences and comments: text of others stays text."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import suppress

from ci.comments import mark, quote, tame, write_comment
from ci.running import END_PATIENCE_S, HURRIED_PIPE_PATIENCE_S, quiet_environment, run
from ci.service import Service

from ci import service as service_module
from tests.ci.steps import obeyed, read_outputs


def test_delimiter_that_the_value_holds_is_drawn_again(tmp_path, monkeypatch):
    draws = iter(["one", "two"])
    monkeypatch.setattr(service_module.secrets, "token_hex", lambda size: next(draws))
    path = tmp_path / "outputs"
    value = "x\ncrawlbench-one\nverdict<<y\npassed\ny"
    Service({"GITHUB_OUTPUT": str(path)}, io.StringIO()).write_output("sentence", value)
    assert read_outputs(path.read_text()) == {"sentence": value}


def test_fence_ends_whatever_happens():
    log = io.StringIO()
    service = Service({"GITHUB_ACTIONS": "true"}, log)
    with suppress(ValueError), service.fenced():
        service.say("::error::within")
        raise ValueError
    service.annotate("notice", "50 % done\n::warning::x")
    assert obeyed(log.getvalue()) == ["::notice title=crawlbench::50 %25 done ::warning::x"]


def test_plain_shell_has_no_commands():
    log = io.StringIO()
    service = Service({}, log)
    with service.fenced():
        service.annotate("error", "100 % no")
    assert log.getvalue() == "crawlbench: error: 100 % no\n"


def test_line_without_end_does_not_swallow_the_fence():
    log = io.StringIO()
    command = (sys.executable, "-c", "import sys; sys.stdout.write('::error::a')")
    assert run(command, quiet_environment({}), log).lines == ("::error::a",)
    assert log.getvalue() == "::error::a\n"


def test_what_a_command_leaves_behind_is_not_heard(monkeypatch):
    """A process that outlives its parent holds the pipe, and the fence has gone."""
    monkeypatch.setattr("ci.running.PIPE_PATIENCE_S", 0.5)
    late = "import time; time.sleep(2); print('::error::late', flush=True)"
    early = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {late!r}])"
    log = io.StringIO()
    ended = run((sys.executable, "-c", early), quiet_environment({}), log)
    assert ended.code == 0
    subprocess.run([sys.executable, "-c", "import time; time.sleep(2.5)"], check=True)
    assert log.getvalue() == ""


def test_service_variables_are_taken_away():
    given = {"GITHUB_ENV": "1", "CI_JOB_TOKEN": "2", "Input_X": "3", "CI": "true", "PATH": "p"}
    assert quiet_environment(given) == {
        **{"CI": "true", "PATH": "p"},
        **{"COLUMNS": "120", "PYTHONUTF8": "1"},
    }


def test_quoted_text_cannot_leave_its_block():
    assert quote("a ``` b ```` c") == "`````text\na ``` b ```` c\n`````"


def test_tamed_markdown_reads_the_same_and_calls_nobody():
    text = "cell @base of #12, see https://a.b/c or www.a.b, 3 @ 4, ### title"
    tamed = tame(text)
    assert tamed.replace("\u200b", "") == text
    assert "@b" not in tamed
    assert "#1" not in tamed
    assert "://" not in tamed
    assert "www." not in tamed
    assert "### title" in tamed
    assert tame("a\x1b[31m\u202eb") == "a[31mb"


def test_comment_is_cut_at_a_line():
    comment = write_comment("x", "t", "line\n" * 20_000, "end")
    assert comment.startswith(f"{mark('x')}\n### t\n\nline\n")
    assert "line\n\n(The rest" in comment
    assert len(comment.encode()) <= 64_000


def test_end_is_told_before_github_loses_patience():
    """It waits for 7.5 s."""
    assert END_PATIENCE_S + HURRIED_PIPE_PATIENCE_S < 7
