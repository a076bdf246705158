"""crawlbench itself: `crawlbench ab` of both packages, and trials that are cut from its sessions.

A trial consists of consecutive rounds, and includes the time that a session takes before its first
round. After each round the judge of all sessions judges it, as in `ab`, and it ends with the first
answer.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING

from benchmarks.power.records import Said
from benchmarks.power.windows import find_windows

from crawlbench.base.records import Quantity, Stopping, Verdict
from crawlbench.measure.store import load_session
from crawlbench.reference.bundle import encode_bundle, load_bundle, restore
from crawlbench.reference.submission import make_bundle
from crawlbench.stats.index import Index
from crawlbench.stats.judge import judge
from crawlbench.stats.open_groups import MIN_ROUNDS
from crawlbench.stats.pairing import Side, log_ratios

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.power.ground import Ground
    from benchmarks.power.pieces import Level

    from crawlbench.base.records import Comparison, Session

MARGIN_PERCENT = 0.5
"""Half of what others use: a verdict claims that the whole interval is beyond the margin."""
LAPS = 8
"""Laps of a round, so that rounds are short enough to be cut; by default they depend on cost."""
ROUNDS = 10_000
"""More rounds than there is time for, so that only the budget ends a session."""
SIGNS = {Verdict.SLOWER: 1, Verdict.FASTER: -1}


def record(ground: Ground, level: Level) -> bytes:
    """Measure a session that does not end with an answer, and return its bundle."""
    output = _run(ground, level.seconds, "--laps", str(LAPS), "--rounds", str(ROUNDS))
    return encode_bundle(make_bundle(load_session(output)))


def ask(ground: Ground, seconds: float) -> int:
    """Compare both packages from first command to answer; return the sign of the answer."""
    output = _run(ground, seconds)
    (change,) = json.loads((output / "answer.json").read_text(encoding="utf-8"))["changes"]
    return SIGNS.get(change["verdict"], 0)


def _run(ground: Ground, seconds: float, *more: str) -> Path:
    output = ground.folder / "session"
    shutil.rmtree(output, ignore_errors=True)
    call = ["ab", "plain", "copy", "-s", "planted_crawl.py", "--margin", str(MARGIN_PERCENT)]
    command = [sys.executable, "-m", "crawlbench", *call, "--budget", f"{seconds:g}", *more]
    # Not on one CPU alone: it places its workers and its mirror itself.
    ended = subprocess.run(
        [*command, "-o", str(output)],
        cwd=ground.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if not (output / "answer.json").exists():
        raise SystemExit(f"crawlbench ab measured nothing:\n{ended.stderr[-2000:]}")
    return output


@cache
def load(path: Path) -> Session:
    """Return the session of a piece, changed so that it ends as any session of `ab` does."""
    session = restore(load_bundle(path).content)
    return replace(session, plan=replace(session.plan, precision=None, stopping=Stopping.ANY))


def trials_of(session: Session, seconds: float, longer: float = 0.0) -> Iterator[Said]:
    """Yield the conclusion of each trial.

    Args:
        session: the session of a piece.
        seconds: the length of a trial, including the session's beginning.
        longer: the share by which the copy's values are made longer.
    """
    made = _lengthen(session, longer) if longer else session
    room_s = seconds - (session.seconds - sum(one.seconds for one in session.rounds))
    for where in find_windows([one.seconds for one in made.rounds], room_s):
        yield _say(replace(made, rounds=made.rounds[where]))


def _say(session: Session) -> Said:
    """Return the first answer of a trial, and the ratio up to it."""
    sign, judged = 0, session
    for count in range(min(MIN_ROUNDS, len(session.rounds)), len(session.rounds) + 1):
        judged = judge(replace(session, rounds=session.rounds[:count]))
        if _compared(judged).is_answered:
            sign = SIGNS.get(_compared(judged).verdict, 0)
            break
    return Said(sign, _score(session, _compared(judged)))


def _score(session: Session, pair: Comparison) -> float:
    """Return the log ratio, even for so few rounds that the judge gives none."""
    twins = session.plan.twins[session.plan.cell(pair.cell).group]
    sides = Side(pair.cell, (pair.cell,)), Side(pair.baseline, twins)
    found = log_ratios(Index(session.rounds), *sides)
    return fmean(found) if found else 0.0


def _compared(session: Session) -> Comparison:
    return next(one for one in session.comparisons if one.quantity is Quantity.TIME)


def _lengthen(session: Session, share: float) -> Session:
    twins = {cell.name for cell in session.plan.cells if cell.control}
    same = twins | set(session.plan.baselines.values())
    rounds = [
        replace(
            one,
            samples=tuple(
                s if s.cell in same else replace(s, seconds=s.seconds * (1 + share))
                for s in one.samples
            ),
        )
        for one in session.rounds
    ]
    return replace(session, rounds=tuple(rounds))
