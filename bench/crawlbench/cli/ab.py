"""`crawlbench ab`: compares environments in the same laps, or searches between many (floor 5)."""

from __future__ import annotations

import math
import shlex
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from crawlbench.base.errors import UNCLEAR, StorageError, UsageError
from crawlbench.cli import options
from crawlbench.cli.answer import ENDED_EARLY, end_with, find_answer, write_answer
from crawlbench.cli.consoles import print_tables, result_console, tell
from crawlbench.cli.measuring import exit_code, measure, name_folder, publish
from crawlbench.cli.output import print_json
from crawlbench.cli.places import replacing
from crawlbench.cli.sites import prepare_sites
from crawlbench.environments.bisection import bisect
from crawlbench.environments.comparison import choose_suite, extend_versus, plan_versus
from crawlbench.environments.preparation import prepare_environments
from crawlbench.environments.spec import parse_python, parse_sides
from crawlbench.measure.ends import allow_extension, session_ends
from crawlbench.measure.flow import resume_session, run_session
from crawlbench.measure.lengths import read_long_forms, require_places
from crawlbench.measure.suite import load_suite, override
from crawlbench.report.bisection import bisection_sentence, bisection_table
from crawlbench.stats.gate import read_bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import Environment, Session
    from crawlbench.cli.answer import AnswerFile
    from crawlbench.measure.suite import Suite
    from crawlbench.stats.gate import Bound


def ab(
    specs: Annotated[
        list[str],
        typer.Argument(
            metavar="BASE HEAD...", help="Two sides to compare: requirements, paths, or both."
        ),
    ],
    strategy: options.Strategies = None,
    loop: options.Loops = None,
    network: options.Networks = None,
    site: options.Sites = None,
    long_form: options.LongForms = None,
    parser: options.Parsers = None,
    concurrency: options.Concurrency = None,
    operation: options.Operations = None,
    python: Annotated[
        bool, options.subject("--python", help="Treat BASE and HEAD as versions of Python.")
    ] = False,
    name: Annotated[
        list[str] | None,
        options.subject("--name", help="Names for the sides, in the same order."),
    ] = None,
    shared: Annotated[
        str, options.subject("--with", help="Requirements that all sides have in common.")
    ] = "",
    rounds: options.Rounds = None,
    laps: options.Laps = None,
    min_time: options.MinTime = None,
    lap_time: options.LapTime = None,
    budget: options.Budget = None,
    precision: options.Precision = None,
    margin: options.Margin = None,
    cpus: options.Cpus = None,
    fail_on: options.FailOn = None,
    extend: Annotated[
        bool,
        options.length(
            "--extend", help="If the answer is unclear, measure for as long again, once."
        ),
    ] = False,
    bisecting: Annotated[
        bool, options.subject("--bisect", help="Find the side at which the time changed.")
    ] = False,
    output: options.Output = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Compare two environments in the same laps and say what changed.

    Example: crawlbench ab "uvloop==0.21.0" uvloop --fail-on slower:5%
    """
    sides = _read_sides(specs, shared, name, is_python=python)
    if len(sides) > 2 and not bisecting:
        raise UsageError(f"{len(sides)} sides: ab takes two, or more with --bisect")
    if bisecting and (fail_on or extend):
        raise UsageError("--bisect has no gate: leave --fail-on and --extend out")
    forms = read_long_forms(long_form)
    axes = {
        "strategies": strategy,
        "event_loops": loop,
        "networks": network,
        "sites": site,
        "long_forms": forms,
        "parsers": parser,
        "concurrency": concurrency,
        "operations": operation,
    }
    ends = {**session_ends(rounds, budget, precision), "laps": laps}
    times = {"min_time_s": min_time, "lap_time_s": lap_time}
    sizes = {**ends, **times, "margin_percent": margin, "cpus": cpus}
    # A gate without a size is as wide as the session's margin.
    percent = load_suite("ab").margin_percent if margin is None else margin
    gate = None if fail_on is None else read_bound(fail_on, math.log1p(percent / 100))
    suite = override(_choose_suite(sides, axes), sizes)
    if gate:  # before environments are built
        gate.require_lengths(suite.long_forms)
    trial = _Trial(suite, gate, is_extended=extend, forms=forms)
    folder = name_folder(output, "bisect" if bisecting else "ab")
    with replacing(output, force=force):
        if bisecting:
            _search(trial, sides, folder, as_json=as_json)
        session, answer = trial.decide(sides, folder)
    is_whole = write_answer(folder, answer)
    if as_json:
        print_json(answer)
    else:
        is_whole &= publish(session, folder)
    end_with(answer, session, is_published=is_whole)


def _read_sides(
    specs: list[str], shared: str, names: list[str] | None, *, is_python: bool
) -> tuple[Environment, ...]:
    if len(specs) < 2:
        raise UsageError("ab needs two sides to compare, such as two versions")
    if not is_python:
        return parse_sides(specs, shared, names)
    named = [parse_python(spec) for spec in specs]
    asked = [shlex.join([f"python={one.python}"]) for one in named]
    return parse_sides(asked, shared, names or [one.name for one in named])


def _choose_suite(sides: Sequence[Environment], axes: Mapping[str, object]) -> Suite:
    """Return the suite, and tell what it measures."""
    suite = choose_suite(sides, {name: value for name, value in axes.items() if value})
    tell(
        f"measuring {', '.join((*suite.strategies, *suite.operations))} on "
        f"{', '.join(suite.event_loops)}; choose with -s, -l, --operation"
    )
    return suite


@dataclass(frozen=True, slots=True)
class _Trial:
    """How sides are measured, which is the same in each session of a search."""

    suite: Suite
    gate: Bound | None
    is_extended: bool
    """Whether an unclear session goes on for as long again."""
    forms: Mapping[str, str] | None = None
    """The long forms that were asked for, which have to fit the plan."""

    def measure(self, sides: Sequence[Environment], folder: Path, group: str = "") -> Session:
        """Measure and return one session, of a single group if one is named."""
        prepared = prepare_environments(sides, self.suite, tell)
        plan = plan_versus(self.suite, prepared)
        require_places(self.forms, plan)
        if self.is_extended:
            # From the first round on: if it may go on, it is looked at twice, and judged so.
            plan = allow_extension(plan)
        if self.gate:
            # Once more: what the suite calls long forms may fit no group of the plan.
            self.gate.require_lengths(plan.long_forms)
            plan = replace(plan, gate=self.gate.size, gate_quantity=self.gate.quantity)
        if group:
            cells = tuple(cell for cell in plan.cells if cell.group == group)
            forms = {name: form for name, form in plan.long_forms.items() if name == group}
            baselines = {group: plan.baselines[group]}
            plan = replace(plan, cells=cells, baselines=baselines, long_forms=forms)
        prepare_sites(plan)
        ready = prepared.environments
        return measure(lambda watcher: run_session(plan, folder, watcher, ready))

    def decide(self, sides: Sequence[Environment], folder: Path) -> tuple[Session, AnswerFile]:
        """Return a session and its answer; if unclear and allowed, measure for as long again."""
        session = self.measure(sides, folder)
        answer = find_answer(session, self.gate)
        if self.is_extended and answer["code"] == UNCLEAR:
            tell(f"{answer['reason']}; measuring for as long again")
            longer = replace(session, plan=extend_versus(session))
            session = measure(
                lambda watcher: resume_session(longer, folder, watcher, session.environments)
            )
            answer = {**find_answer(session, self.gate), "is_extended": True}
        return session, answer


def _search(
    trial: _Trial, sides: Sequence[Environment], folder: Path, *, as_json: bool
) -> NoReturn:
    """Find between which sides a time changed; each step is a session in a folder of its own."""
    numbers = count(1)

    def step(environments: Sequence[Environment], group: str) -> Session:
        session = trial.measure(environments, folder / f"{next(numbers)}", group)
        if session.ending in ENDED_EARLY:
            exit_code(session)  # says why
            raise typer.Exit(ENDED_EARLY[session.ending])
        return session

    found = bisect(sides, step)
    answer = {"format": 1, "sentence": bisection_sentence(found), **asdict(found)}
    is_whole = write_answer(folder, answer)
    if as_json:
        print_json(answer)
    else:
        result_console().print(bisection_sentence(found), style="bold")
        print_tables(bisection_table(found))
        tell(f"sessions: {folder}")
    raise typer.Exit(found.code or (0 if is_whole else StorageError.exit_code))
