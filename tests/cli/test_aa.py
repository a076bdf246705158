"""`crawlbench aa` tells what its finished sessions say, however it ends."""

from __future__ import annotations

import json

import pytest

from crawlbench.base.errors import CellError
from crawlbench.cli import aa
from crawlbench.cli.app import main
from crawlbench.stats.aa import AaOutcome


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Return what calls `aa`, whose sessions end by an error after some, or by none."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def run(*words, finished, error=None):
        async def measure(plan, sessions, methods, tell):
            for _ in range(finished):
                tell(methods[0], AaOutcome(0.01, -0.01, 0.03, 0.05, 2.0))
            if error:
                raise error

        monkeypatch.setattr(aa, "run_aa", measure)
        monkeypatch.setattr("sys.argv", ["crawlbench", "aa", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code or 0, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("error", "code"), [(None, 0), (KeyboardInterrupt(), 130), (CellError("it fell over"), 4)]
)
def test_finished_sessions_are_summed_up(call, error, code):
    """After a Ctrl-C, or where a later session failed."""
    ended, output = call("--json", "--blocks", finished=3, error=error)
    assert ended == code
    (summary,) = json.loads(output)["summaries"]
    assert (summary["method"], summary["sessions"]) == ("laps", 3)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), CellError("it fell over")])
def test_nothing_is_told_of_no_session(call, error):
    """There is nothing to sum up."""
    _, output = call("--json", finished=0, error=error)
    assert output == ""


def test_what_was_interrupted_is_kept_if_it_is_enough(call, tmp_path):
    """Twenty sessions are as good as those of whoever asked for twenty."""
    _, output = call("--sessions", "30", finished=19, error=KeyboardInterrupt())
    assert "not kept: the 95th percentile of 19 sessions" in " ".join(output.split())
    assert not list(tmp_path.rglob("margins.json"))
    call("--sessions", "30", finished=20, error=KeyboardInterrupt())
    assert list(tmp_path.rglob("margins.json"))
