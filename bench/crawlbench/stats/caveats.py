"""What a reader should know before trusting a session; every output shows it (floor 2; pure)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from crawlbench.base.records import WarningNote
from crawlbench.base.text import count_of, tell_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Conditions, Machine, Session

MAX_LOAD = 0.3
"""Load per CPU in the minute before a session beyond which others must be using the machine."""
MAX_WAITING = 0.03
"""Share of its time in which a worker may have waited for a CPU on a machine that is quiet: beside
a neighbour that takes 30 % of each CPU, it is several times as much."""
MAX_STEAL = 0.01
"""Share of all CPU time beyond which the hypervisor's other guests disturb the measurement."""
MAX_SLOT_EFFECT = math.log1p(0.01)
"""Effect of the slot beyond which cells disturb those that come after them."""

_SEPARATORS = re.compile(r"[-_.]+")
SLOW_PARSERS = {"aiohttp.http_parser": "aiohttp's parser in pure Python"}
"""Parsers that run only where the compiled one is missing or switched off."""


def find_caveats(session: Session, least_rounds: int) -> list[WarningNote]:
    """Return what a reader should know before trusting the numbers."""
    found = [*_few_rounds(session, least_rounds), *_slow_parsers(session), *_slot_effects(session)]
    found += [*_environments(session), *_slow_laps(session)]
    # Without a look at the machine nothing is said of it: who reads a session may be elsewhere.
    if session.conditions:
        doubts = condition_caveats(session.machine, session.conditions)
        found += [one for one in doubts if one.topic != "load" or not _had_its_cpus(session)]
    return found


def _had_its_cpus(session: Session) -> bool:
    """Return whether the load before the session, perhaps that of its set-up, was over in time."""
    waits = [one.starved_share for one in session.summaries]
    return bool(waits) and max(waits) < MAX_WAITING


def condition_caveats(machine: Machine, conditions: Conditions) -> list[WarningNote]:
    """Return what may disturb a measurement on this machine in this state, each with a remedy."""
    return [
        *_shared_cpu(machine),
        *_replaced(machine),
        *_company(machine, conditions),
        *_clock(conditions),
        *_steal(conditions),
    ]


def _few_rounds(session: Session, least_rounds: int) -> Iterator[WarningNote]:
    rounds = len(session.rounds)
    # Before the first round there are no intervals.
    if 0 < rounds < least_rounds:
        yield WarningNote(
            "rounds",
            f"the intervals rest on only {count_of(rounds, 'round')}; "
            f"--rounds {least_rounds} or more would make them firmer",
        )


MAX_PACKAGES = 5
"""Number of packages that a warning names; the table has all."""


def _environments(session: Session) -> Iterator[WarningNote]:
    """Warn of differences between environments that nobody asked for.

    If their Pythons differ, nothing is said: later Pythons do not need some packages.
    """
    built = [facts for facts in session.environments if not facts.obstacle]
    if len({facts.python for facts in built}) > 1:
        return
    asked = {name for facts in built for name in facts.named}
    odd = [
        name
        for name in sorted({name for facts in built for name in facts.versions}, key=str.lower)
        if len({facts.versions.get(name) for facts in built}) > 1
        # Requirements are kept in the normal form of PEP 503, packages in their own spelling.
        and _SEPARATORS.sub("-", name).lower() not in asked
    ]
    if odd:
        shown = ", ".join(odd[:MAX_PACKAGES]) + (", ..." if len(odd) > MAX_PACKAGES else "")
        yield WarningNote(
            "environments",
            f"the environments also differ in packages that nobody asked for: {shown}; if that may "
            "matter, ask for one version in all of them (--with)",
        )


def _slow_laps(session: Session) -> Iterator[WarningNote]:
    """Warn of rare slow laps that would change a ratio, though typical times leave them out."""
    found = [c for c in session.against_baseline() if abs(c.excess) > session.plan.margin]
    if found:
        far = max(found, key=lambda one: abs(one.excess))
        assert far.estimate is not None
        ratio, plain = math.exp(far.estimate), math.exp(far.estimate + far.excess)
        others = f" (and {len(found) - 1} more like it)" if len(found) > 1 else ""
        yield WarningNote(
            "slow-laps",
            f"{far.cell}: in a few laps it takes far {'more' if far.excess > 0 else 'less'} time, "
            f"relative to {far.baseline}, than in the others; the ratio of typical times is "
            f"{ratio:.3f}, that of mean times {plain:.3f}{others}",
        )


def _replaced(machine: Machine) -> Iterator[WarningNote]:
    if "urllib3-future" in machine.versions:
        yield WarningNote(
            "urllib3",
            "urllib3-future has taken the place of urllib3 here, so requests runs on it too; "
            "keep niquests, which brings it, in an environment of its own",
        )


def _shared_cpu(machine: Machine) -> Iterator[WarningNote]:
    if set(machine.worker_cpus) & set(machine.mirror_cpus):
        yield WarningNote(
            "cpu",
            "there is one CPU for the mirror and the workers: they slow each other down; "
            "use a machine with two or more",
        )
    elif not machine.worker_cpus:
        yield WarningNote(
            "cpu",
            "this system does not let us choose CPUs: the mirror and the workers may share one",
        )


def _slow_parsers(session: Session) -> Iterator[WarningNote]:
    for parser, name in SLOW_PARSERS.items():
        cells = [cell for cell, used in session.http_parsers.items() if used == parser]
        if cells:
            yield WarningNote(
                "parser",
                f"{count_of(len(cells), 'cell')} ran on {name} ({cells[0]} first); "
                "install a wheel with the compiled one, or unset AIOHTTP_NO_EXTENSIONS",
            )


def _company(machine: Machine, conditions: Conditions) -> Iterator[WarningNote]:
    # The load is what these processes make, and their names say more.
    if conditions.busy:
        yield WarningNote(
            "busy", f"other processes use the CPUs: {', '.join(conditions.busy)}; end them first"
        )
    elif conditions.load is not None and conditions.load > MAX_LOAD * machine.cpu_count:
        seen, most = tell_apart(conditions.load, MAX_LOAD * machine.cpu_count, form=".1f")
        yield WarningNote(
            "load", f"the load was {seen} in the minute before; wait until it falls below {most}"
        )


def _clock(conditions: Conditions) -> Iterator[WarningNote]:
    if conditions.governor not in (None, "performance"):
        yield WarningNote(
            "governor",
            f"the clock's governor is {conditions.governor!r}, which changes the clock with the "
            "load; try: python -m pyperf system tune",
        )
    if conditions.turbo:
        yield WarningNote(
            "turbo",
            "turbo is on: the clock rises until the chip is warm; "
            "try: python -m pyperf system tune",
        )


def _steal(conditions: Conditions) -> Iterator[WarningNote]:
    share = conditions.steal_share
    if share is not None and share > MAX_STEAL:
        yield WarningNote(
            "steal",
            f"the hypervisor gave {share * 100:.1f} % of the CPU time to others; "
            "measure when it is less busy, or on a machine of its own",
        )


def _slot_effects(session: Session) -> Iterator[WarningNote]:
    for effect in session.slots:
        if effect.low > MAX_SLOT_EFFECT or effect.high < -MAX_SLOT_EFFECT:
            low, high = (math.expm1(end) * 100 for end in (effect.low, effect.high))
            yield WarningNote(
                "slot",
                f"values in the {effect.slot} slot of a lap differ by {low:.1f} to {high:.1f} %: "
                "cells disturb their neighbours; order is shuffled, so this is noise, not bias",
            )
