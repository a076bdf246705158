"""What cannot be measured is refused before anything is built or made, by every command."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from crawlbench.base.errors import NotInstalledError, UsageError
from crawlbench.cli import ab, cluster, run
from crawlbench.cli.app import main
from crawlbench.cli.sites import prepare_sites
from crawlbench.cluster.flow import Wishes
from crawlbench.measure import width
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import load_suite, override

QUICK = load_suite("quick")


def plan_of(**changes):
    """Return the plan of a small suite with changes."""
    return make_plan("test", override(QUICK, changes))


def by_sides(plan, folder, monkeypatch):
    """Measure a plan as `ab` does, whatever its environments."""
    monkeypatch.setattr(ab, "prepare_environments", lambda *_: SimpleNamespace(environments=()))
    monkeypatch.setattr(ab, "plan_versus", lambda *_: plan)
    monkeypatch.setattr(ab, "measure", lambda _: pytest.fail("it is measured"))
    ab._Trial(QUICK, None, is_extended=False).measure((), folder)


def alone(plan, folder, monkeypatch):
    """Measure a plan as `run` and `sweep` do."""
    monkeypatch.setattr(run, "measure", lambda _: pytest.fail("it is measured"))
    run.start(plan, folder)


def on_machines(plan, folder, monkeypatch):
    """Measure a plan as `run --cluster` does."""
    monkeypatch.setattr(cluster, "_run", lambda *_: pytest.fail("it is measured"))
    cluster.run_on_cluster(plan, Wishes("local:1"), folder)


@pytest.mark.parametrize("begin", [by_sides, alone, on_machines])
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"concurrency": [100]}, "100 requests in flight cannot be measured"),
        ({"parsers": ["orjson"]}, "the parser orjson cannot read"),
    ],
)
def test_what_a_site_cannot_offer_is_refused_by_all(tmp_path, monkeypatch, begin, changes, told):
    """On one machine, on many, and in two environments; what it can offer is measured."""
    with pytest.raises(UsageError, match=told):
        begin(plan_of(**changes), tmp_path, monkeypatch)
    with pytest.raises(pytest.fail.Exception, match="it is measured"):
        begin(plan_of(), tmp_path, monkeypatch)


def test_parser_that_only_an_environment_has_is_not_refused(monkeypatch):
    """Whether it reads a site cannot be asked here."""
    plan = plan_of()

    def load(kind, name, found=width.registry.load):
        if kind is width.registry.Kind.PARSER:
            raise NotInstalledError(name)
        return found(kind, name)

    monkeypatch.setattr(width.registry, "load", load)
    prepare_sites(plan)


def lack_dask():
    """Raise as where the extra is missing."""
    raise NotInstalledError("Dask is missing")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--machines", "2"], "give --cluster as well"),
        (["--sheet", "2"], "give --cluster as well"),
        (["--cluster", "local:2"], "Dask is missing"),
    ],
)
def test_options_of_a_cluster_are_refused_before_environments_are_built(
    monkeypatch, capsys, words, told
):
    """Which takes minutes."""
    monkeypatch.setattr(run, "prepare_environments", lambda *_: pytest.fail("they are built"))
    monkeypatch.setattr(cluster, "require_dask", lack_dask)
    monkeypatch.setattr(sys, "argv", ["crawlbench", "run", "quick", "--env", "new=.", *words])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert told in capsys.readouterr().err
