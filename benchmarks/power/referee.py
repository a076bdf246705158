"""crawlbench itself: `crawlbench ab` of both packages, and trials that are cut from its sessions.

A trial is so many rounds that follow each other, with what a session takes before its first round
counted in. It is judged after each round by the judge of all sessions, as `ab` does, and ends with
the first answer.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from benchmarks.power.records import Said
from benchmarks.power.windows import find_windows

from crawlbench.base.records import Quantity, Verdict
from crawlbench.measure.store import load_session
from crawlbench.reference.bundle import encode_bundle, load_bundle, restore
from crawlbench.reference.submission import make_bundle
from crawlbench.stats.judge import judge
from crawlbench.stats.settled import MIN_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.power.ground import Ground
    from benchmarks.power.pieces import Level

    from crawlbench.base.records import Comparison, Session

__all__ = ["MARGIN_PERCENT", "ask", "load", "record", "trials_of"]

MARGIN_PERCENT = 0.5
"""Its verdicts claim that a difference lies beyond the margin, not that the estimate does."""
LAPS = 8
"""In a round, so that rounds are short enough to be cut; by itself it chooses them by cost."""
SIGNS = {Verdict.SLOWER: 1, Verdict.FASTER: -1}


def record(ground: Ground, level: Level) -> bytes:
    """Measure a session that no answer ends, and return its bundle."""
    output = _run(ground, level.seconds, "--laps", str(LAPS), "--precision", "0.001")
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
    """Return the session of a piece; from here on it ends as any session of `ab` does."""
    session = restore(load_bundle(path).content)
    return replace(session, plan=replace(session.plan, precision=None))


def trials_of(session: Session, seconds: float, longer: float = 0.0) -> Iterator[Said]:
    """Yield what each trial of so many seconds says.

    Args:
        session: of a piece.
        seconds: of a trial, the session's beginning included.
        longer: share by which the copy's values are made longer.
    """
    made = _lengthen(session, longer) if longer else session
    room_s = seconds - (session.seconds - sum(one.seconds for one in session.rounds))
    for where in find_windows([one.seconds for one in made.rounds], room_s):
        yield _say(replace(made, rounds=made.rounds[where]))


def _say(session: Session) -> Said:
    """Return the first answer of a trial, and how sure its last round is."""
    sign, judged = 0, session
    for count in range(min(MIN_ROUNDS, len(session.rounds)), len(session.rounds) + 1):
        judged = judge(replace(session, rounds=session.rounds[:count]))
        if _compared(judged).is_answered:
            sign = SIGNS.get(_compared(judged).verdict, 0)
            break
    found = _compared(judge(session))
    if found.estimate is None or found.low is None or found.high is None:
        return Said(sign, 0.0)
    return Said(sign, found.estimate / max(1e-9, (found.high - found.low) / 2))


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
