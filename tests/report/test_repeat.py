"""The command that measures a session again."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from crawlbench.base.records import Stopping, Sweep
from crawlbench.cli import run as run_module
from crawlbench.measure.store import load_session
from crawlbench.report.repeat import repeat_command, resume_command
from crawlbench.report.view import SessionView
from crawlbench.stats.open_groups import NEVER
from tests.child import succeed
from tests.report.reference import REFERENCE
from tests.report.sessions import concluded, shipped
from tests.stats.builders import make_plan


@pytest.mark.parametrize("changes", [{}, {"rounds": 12, "may_rest": False}])
@pytest.mark.parametrize("folder", [REFERENCE, REFERENCE.with_name("default")])
def test_command_of_a_kept_session_makes_the_same_plan(folder, changes, monkeypatch, tmp_path):
    """Cells, baselines, sizes and seed: the command line itself is asked.

    Where the user set the rounds they are in the command, and where the suite's budget ended a
    paced session after one look, they are not.
    """
    plans = []

    def catch(plan, folder, watcher, environments):
        plans.append(plan)
        raise typer.Exit

    monkeypatch.setattr(run_module, "run_session", catch)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    session = load_session(folder)
    session = replace(session, plan=replace(session.plan, **changes))
    app = typer.Typer()
    app.command()(run_module.run)
    words = shlex.split(repeat_command(session))
    assert words[:2] == ["crawlbench", "run"]
    outcome = CliRunner().invoke(app, [*words[2:], "-o", str(tmp_path / "x")])
    assert outcome.exit_code == 0, outcome.output
    (plan,) = plans
    assert plan.margin == pytest.approx(session.plan.margin)
    # None has an option: the suite's turns may be others today, and CPUs are the machine's.
    of_suite = ["margin", "lap_time_s", "long_share", "cpus"]
    if not session.plan.is_paced:  # older sessions do not say who set their rounds
        of_suite.append("may_rest")
    others = {name: getattr(session.plan, name) for name in of_suite}
    assert replace(plan, **others) == session.plan


def test_words_of_strangers_are_quoted_for_a_shell():
    """A suite's path may hold anything."""
    command = repeat_command(concluded(plan=make_plan(suite="a b; rm -rf $HOME 'x'.toml")))
    assert shlex.split(command)[2] == "a b; rm -rf $HOME 'x'.toml"


def test_what_is_not_printable_is_written_as_escapes():
    """Nothing turns the direction of the command that is shown; bash reads them."""
    suite = "it's\u202e\\\n\U000e0001.toml"
    command = repeat_command(concluded(plan=make_plan(suite=suite)))
    assert command.isprintable()
    call = ["bash", "-c", command.replace("crawlbench run", "printf '%s|'", 1)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    shown = succeed(call, env=environment, text=False).stdout
    assert shown.decode().split("|")[0] == suite


def test_session_that_was_to_have_all_rounds_is_repeated_with_as_many():
    """No precision can be asked for that no interval reaches."""
    plan = make_plan(suite="quick", rounds=30, precision=NEVER, stopping=Stopping.ANY)
    command = repeat_command(concluded(plan=plan))
    assert "--rounds 30" in command
    assert "--precision" not in command


@pytest.mark.parametrize("last_s", [10.0, 30.0, 2.0])
def test_budget_of_a_continuation_is_enough_for_its_rounds(last_s):
    """Rounds are as long as the last one, or as on average, and the start takes its time."""
    session = shipped(rounds=5)
    *rounds, last = session.rounds
    session = replace(session, rounds=(*rounds, replace(last, seconds=last_s)))
    view = SessionView(replace(session, plan=replace(session.plan, budget_s=50.0)))
    words = shlex.split(resume_command(view, 20))
    assert words[:6] == ["crawlbench", "run", "--resume", "DIR", "--rounds", "25"]
    expected_s = max(last_s, (4 * 10.0 + last_s) / 5)
    assert float(words[-1]) == pytest.approx(session.seconds + 15 + 20 * expected_s * 1.1, abs=1)


def test_sweep_has_no_such_command():
    """It is another one's plan."""
    session = shipped()
    plan = replace(session.plan, sweep=Sweep("concurrency", "", {}))
    assert repeat_command(replace(session, plan=plan)) == ""
