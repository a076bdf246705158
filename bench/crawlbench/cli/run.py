"""`crawlbench run`: measures a suite, or continues a session (floor 5)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from crawlbench.base.errors import UsageError
from crawlbench.cli import options
from crawlbench.cli.answer import end_with, find_answer_again, write_answer
from crawlbench.cli.checks import not_negative, positive
from crawlbench.cli.cluster import (
    MAX_CELLS_OF_CLUSTER,
    ClusterAddress,
    Machines,
    Sheet,
    is_of_cluster,
    make_wishes,
    refuse_idle_on_cluster,
    resume_on_cluster,
    run_on_cluster,
)
from crawlbench.cli.consoles import tell
from crawlbench.cli.details import AS_USUAL, Showing, choose_showing
from crawlbench.cli.effects import typed_options
from crawlbench.cli.measuring import exit_code, measure, name_folder, publish
from crawlbench.cli.places import replacing
from crawlbench.cli.sites import prepare_sites
from crawlbench.environments.preparation import prepare_again, prepare_environments
from crawlbench.environments.spec import read_environments
from crawlbench.measure.ends import extend_plan, session_ends
from crawlbench.measure.flow import resume_session, run_session
from crawlbench.measure.lengths import read_long_forms, require_places
from crawlbench.measure.matrix import MAX_CELLS, make_plan
from crawlbench.measure.owner import own
from crawlbench.measure.store import load_session
from crawlbench.measure.suite import load_suite, loops_left_out, override
from crawlbench.measure.topology import parse_cpus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import EnvironmentFacts, Plan, Session
    from crawlbench.measure.suite import Suite

_OF_RESUME = (
    *("resume", "rounds", "budget", "precision"),
    *("cluster", "verbose", "quiet", "page", "as_json"),
)
"""Parameters that can be given with --resume."""


def run(
    context: typer.Context,
    suite: Annotated[
        str, typer.Argument(help="A suite by name (see `crawlbench list suites`), or a FILE.toml.")
    ] = "default",
    strategy: options.Strategies = None,
    loop: options.Loops = None,
    network: options.Networks = None,
    site: options.Sites = None,
    long_form: options.LongForms = None,
    parser: options.Parsers = None,
    concurrency: options.Concurrency = None,
    operation: options.Operations = None,
    environment: Annotated[
        list[str] | None,
        options.subject(
            "--env",
            help="Environments to measure in: NAME=SPEC or FILE.toml.",
            show_default="this one",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        options.subject(
            "--baseline",
            help="What to compare with: STRATEGY or STRATEGY/LOOP; LOOP for operations.",
        ),
    ] = None,
    rounds: options.Rounds = None,
    laps: options.Laps = None,
    budget: options.Budget = None,
    precision: options.Precision = None,
    margin: options.Margin = None,
    min_time: options.MinTime = None,
    lap_time: options.LapTime = None,
    timeout: Annotated[
        float | None,
        options.care(
            "--timeout", callback=positive, help="Seconds after which a value counts as hung."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        options.care(
            "--seed",
            callback=not_negative,
            help="Seed for the lap order and the network delays.",
        ),
    ] = None,
    cpus: options.Cpus = None,
    mirror_cpus: Annotated[
        str | None,
        options.care("--mirror-cpus", help="Which CPUs the mirror gets, such as 3 or 2-3."),
    ] = None,
    output: options.Output = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    resume: Annotated[
        Path | None,
        options.length("--resume", help="Session to continue, with its own plan."),
    ] = None,
    cluster: ClusterAddress = None,
    machines: Machines = None,
    sheet: Sheet = None,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
    page: options.Page = True,
) -> None:
    """Measure a suite and say which way of crawling is fastest.

    Example: crawlbench run quick -n wan -s aiohttp-gather -s requests-threads
    """
    showing = choose_showing(context, verbose=verbose, quiet=quiet, page=page, as_json=as_json)
    refuse_idle_on_cluster(context, cluster)
    ends, forms = session_ends(rounds, budget, precision), read_long_forms(long_form)
    changes = {
        "strategies": strategy,
        "event_loops": loop,
        "networks": network,
        "sites": site,
        "long_forms": forms,
        "parsers": parser,
        "concurrency": concurrency,
        "operations": operation,
        "laps": laps,
        "margin_percent": margin,
        "min_time_s": min_time,
        "lap_time_s": lap_time,
        "timeout_s": timeout,
        "seed": seed,
        "cpus": cpus,
        "mirror_cpus": _read_cpus(mirror_cpus),
    }
    if resume is not None:
        _refuse_changes(context)
        _resume(context, resume, showing)
    wishes = make_wishes(cluster, machines, sheet)  # refuses what does not fit
    wanted = override(load_suite(suite), {**changes, **ends})
    with replacing(output, force=force):  # both refuse before environments are built
        ready = prepare_environments(read_environments(environment or []), wanted, tell)
        asked = [facts.asked for facts in ready.environments]
        if wishes:  # all machines take the same laps
            wanted = override(wanted, {"paced": False})
        most = MAX_CELLS_OF_CLUSTER if wishes else MAX_CELLS
        plan = make_plan(
            suite, wanted, baseline, environments=asked, reach=ready.reach, most_cells=most
        )
        _look_over(plan, wanted, forms)
        folder = name_folder(output, Path(suite).stem)
        if wishes:
            run_on_cluster(plan, wishes, folder)
        start(plan, folder, ready.environments, showing)


def _look_over(plan: Plan, wanted: Suite, long_forms: Mapping[str, str] | None) -> None:
    """Refuse long forms that fit nothing, and tell which event loops are left out."""
    require_places(long_forms, plan)
    for name in loops_left_out(wanted, plan.cells):
        tell(f"left out: event loop {name!r} is not installed here")


def _read_cpus(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    with suppress(ValueError):
        if found := parse_cpus(text):
            return found
    raise UsageError(
        f"--mirror-cpus {text!r} is not a list of CPUs; give it as the kernel does: 3, or 0-1,5"
    )


def start(
    plan: Plan,
    folder: Path,
    environments: Sequence[EnvironmentFacts] = (),
    showing: Showing = AS_USUAL,
) -> NoReturn:
    """Begin a session and run it to its end.

    Args:
        plan: what to measure, and how.
        folder: where to keep the session.
        environments: facts of the plan's environments, which are ready to be used.
        showing: how to show the session in the end.
    """
    prepare_sites(plan)
    session = measure(lambda watcher: run_session(plan, folder, watcher, environments))
    _finish(session, folder, showing)


def _refuse_changes(context: typer.Context) -> None:
    """Raise if something was typed that a session's own plan decides.

    Variables and pyproject.toml are meant for new sessions, and are ignored here.
    """
    given = [option for name, option in typed_options(context).items() if name not in _OF_RESUME]
    if given:
        raise UsageError(
            f"--resume keeps the session's own plan, so {', '.join(given)} cannot be given; "
            "only --rounds, --budget and --precision can"
        )


def _resume(context: typer.Context, folder: Path, showing: Showing) -> NoReturn:
    typed = {name: context.params[name] for name in typed_options(context)}
    ends = session_ends(*(typed.get(name) for name in ("rounds", "budget", "precision")))
    # Where a session on a cluster goes on may come from a variable; others are not sent there.
    cluster = context.params["cluster"] if is_of_cluster(folder) else typed.get("cluster")
    if cluster is not None or is_of_cluster(folder):
        resume_on_cluster(folder, cluster, ends)
    load_session(folder)  # before a lock is left in what is not a session
    with own(folder):
        # Read again: until the folder was ours, another process may have gone on with it.
        session = load_session(folder)
        plan = extend_plan(session.plan, ends, has_rounds=bool(session.rounds))
        session = replace(session, plan=plan)
        ready = prepare_again(session, tell)
        longer = measure(lambda watcher: resume_session(session, folder, watcher, ready))
        _finish(longer, folder, showing)


def _finish(session: Session, folder: Path, showing: Showing) -> NoReturn:
    is_whole = publish(session, folder, showing)
    if session.plan.is_versus:  # of `ab`: what it answered before it went on holds no longer
        answer = find_answer_again(folder, session)
        is_whole &= write_answer(folder, answer)
        end_with(answer, session, is_published=is_whole)
    raise typer.Exit(exit_code(session, is_published=is_whole))
