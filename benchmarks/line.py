"""Holds what slow starters cost per page and to begin against a straight line drawn by hand.

    python -m benchmarks.line [--rounds 8] [--laps 3] [--minutes 8]

gevent, Scrapy and processes begin anew in each crawl, which takes most of a crawl of ten pages; so
the two costs must stand apart. By hand (`plain_loops.py`, which shares no measuring code with
crawlbench): crawls of 10, 100 and 300 pages in fresh processes, and a straight line through their
times. By crawlbench: what one session of the same clients and lengths says. Half of the rounds by
hand come before the session and half after it, so that a machine that drifts moves both alike.

What ended is kept in results/line/ and not measured again, so call it again for what is missing.
Prints a line for each client and cost; exit 1 if crawlbench is surely off by more than a tenth, or
has no value; 3 if something is missing, or off by more than a tenth and by less than the noise.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.plain_loops import PAGES, Found, Task, interval, keep_rounds, read_rounds
from benchmarks.told_session import Subject, measure_session

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENTS = ("processes-aiohttp", "gevent-requests", "scrapy-spider")
LENGTHS = ("douban-top250", "douban-x100", "douban-x300")
NETWORK = "loopback"
COSTS = ("per page", "to begin")
MAX_OFF = 0.1
"""Of what was found by hand."""
SESSION_SHARE = 0.6
"""Of the minutes that are left when the session begins."""
KEPT = Path(__file__).resolve().parent.parent / "results" / "line"
ROUNDS, TOLD = KEPT / "hand.jsonl", KEPT / "told.json"


class Outcome(StrEnum):
    """How far crawlbench is from what was found by hand."""

    INSIDE = "inside 10 %"
    NOISE = "off by more, but within the noise"
    OFF = "OFF BY MORE THAN 10 %"
    NONE = "NO VALUE"


@dataclass(frozen=True, slots=True)
class Straight:
    """What a straight line through three lengths says."""

    costs: tuple[Found, Found]
    """Seconds per page and to begin."""
    bend: Found
    """By what share a page up to the middle length costs more than one of the longest crawl."""


def main() -> None:
    """Measure what is missing as far as time goes, and tell what is there."""
    options = read_options()
    missing = measure(options.rounds, options.laps, options.minutes * 60)
    rounds = read_rounds(ROUNDS)
    if len(rounds) < 2 or not TOLD.exists():
        print(
            f"{len(rounds)} rounds by hand are kept, and {'a' if TOLD.exists() else 'no'} session"
        )
        print("two rounds and a session of two are needed: call again, with more --minutes")
        sys.exit(3)
    told = json.loads(TOLD.read_text(encoding="utf-8"))
    outcomes = [
        outcome for client in CLIENTS for outcome in tell(client, draw(client, rounds), told)
    ]
    print(f"{len(rounds)} rounds by hand, {missing} missing")
    if {Outcome.OFF, Outcome.NONE} & set(outcomes):
        sys.exit(1)
    sys.exit(3 if missing or Outcome.NOISE in outcomes else 0)


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=8, help="fresh processes of each client")
    parser.add_argument("--laps", type=int, default=3, help="values of each length in a process")
    parser.add_argument("--minutes", type=float, default=8.0, help="at the most, of all together")
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error(f"--rounds {options.rounds} gives no interval; use 2 or more")
    return options


def measure(rounds: int, laps: int, seconds: float) -> int:
    """Measure half of the rounds, the session and the other rounds; return how many are missing."""
    end_s = time.monotonic() + seconds
    task = Task(CLIENTS, LENGTHS, NETWORK, laps)
    keep_rounds(ROUNDS, task, rounds // 2, end_s - seconds / 2)
    if not TOLD.exists():
        subject = Subject(CLIENTS, LENGTHS[0], ",".join(LENGTHS[1:]), NETWORK, laps=1)
        left_s = SESSION_SHARE * (end_s - time.monotonic())
        found = read_costs(measure_session("line", subject, left_s))
        if found:
            TOLD.write_text(json.dumps(found) + "\n", encoding="utf-8")
    return keep_rounds(ROUNDS, task, rounds, end_s)


def read_costs(cells: Sequence[dict[str, Any]]) -> dict[str, list[list[float] | None]]:
    """Return, by client, the mean and half-width of each cost that a session tells, in seconds.

    None for a cost that has no value; empty if the session was too short for an interval.
    """
    found: dict[str, list[list[float] | None]] = {}
    for cell in (cell for cell in cells if cell["role"] != "control"):
        costs = [(cell[f"{key}_s"], cell[f"{key}_error_s"]) for key in ("per_page", "to_begin")]
        if any(mean is not None and error is None for mean, error in costs):
            return {}
        found[cell["strategy"]] = [None if mean is None else [mean, e] for mean, e in costs]
    return found


def draw(client: str, rounds: Sequence[dict[str, list[float]]]) -> Straight:
    """Return the straight line through a client's times: one for each round, then their mean."""
    pages = [PAGES[site] for site in LENGTHS]
    fits = [fit(pages, one[client]) for one in rounds]
    bends = [find_bend(pages, one[client]) for one in rounds]
    slope, start = (interval(values) for values in zip(*fits, strict=True))
    return Straight((slope, start), interval(bends))


def fit(pages: Sequence[int], times: Sequence[float]) -> tuple[float, float]:
    """Return the slope and the start of a line by least squares.

    An error grows with the time that it is of, so each length counts by its relative distance from
    the line: else the longest would settle where the line starts.
    """
    weights = [1 / time**2 for time in times]
    total = sum(weights)
    x = sum(map(math.prod, zip(weights, pages, strict=True))) / total
    y = sum(map(math.prod, zip(weights, times, strict=True))) / total
    both = sum(w * (p - x) * (t - y) for w, p, t in zip(weights, pages, times, strict=True))
    slope = both / sum(w * (p - x) ** 2 for w, p in zip(weights, pages, strict=True))
    return slope, y - slope * x


def find_bend(pages: Sequence[int], times: Sequence[float]) -> float:
    """Return by what share a page up to the middle length costs more than one of all."""
    first = (times[1] - times[0]) / (pages[1] - pages[0])
    whole = (times[2] - times[0]) / (pages[2] - pages[0])
    return first / whole - 1


def compare(mine: Found, told: list[float] | None) -> tuple[float, Outcome]:
    """Return what a session says over what was found by hand, and whether that is near enough."""
    if told is None:
        return math.nan, Outcome.NONE
    ratio = told[0] / mine.mean
    noise = ratio * math.hypot((mine.high - mine.mean) / mine.mean, told[1] / told[0])
    if abs(ratio - 1) <= MAX_OFF:
        return ratio, Outcome.INSIDE
    is_noise = abs(ratio - 1) - abs(noise) <= MAX_OFF
    return ratio, Outcome.NOISE if is_noise else Outcome.OFF


def tell(client: str, line: Straight, told: dict[str, list[list[float] | None]]) -> list[Outcome]:
    """Print what both say of a client; return how near they are, per page and to begin."""
    outcomes = []
    for what, mine, theirs in zip(COSTS, line.costs, told[client], strict=True):
        ratio, outcome = compare(mine, theirs)
        by_hand = show(mine.mean, mine.high - mine.mean)
        ours = show(*theirs) if theirs else "no value"
        print(f"{client:<18} {what:<9} {by_hand:>20} {ours:>20} {ratio:6.3f}  {outcome.value}")
        outcomes.append(outcome)
    share = f"{line.bend.mean:+.1%} ({line.bend.low:+.1%} to {line.bend.high:+.1%})"
    print(f"{client:<18} by hand, a page up to 100 differs by {share} from one up to 300")
    return outcomes


def show(mean_s: float, half_s: float) -> str:
    """Return milliseconds with their half-width."""
    return f"{mean_s * 1e3:.3f} ±{half_s * 1e3:.3f} ms"


if __name__ == "__main__":
    main()
