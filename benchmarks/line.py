"""Compares the costs of slow starters, per page and to begin, with a straight line drawn by hand.

    python -m benchmarks.line [--rounds 8] [--laps 3] [--minutes 8]

gevent, Scrapy and processes start again in each crawl, which takes most of a crawl of ten pages, so
the two costs must be separated. By hand (`plain_loops.py`, which shares no measuring code with
crawlbench), we crawl 10, 100 and 300 pages in fresh processes, and draw a straight line through the
times. This is compared with one session of crawlbench on the same clients and lengths. Half of the
rounds by hand come before the session and half after it, so that a drift affects both alike.

Finished rounds are kept in results/line/ and not measured again; call this again for those that are
missing. Prints a line for each client and cost. Exits with 1 if crawlbench is certainly off by more
than a tenth or has no value, and with 3 if something is missing, or off by more than a tenth but
within the noise.
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
"""The tolerance, as a share of the value that was found by hand."""
SESSION_SHARE = 0.6
"""The session's share of the minutes that are left when it begins."""
KEPT = Path(__file__).resolve().parent.parent / "results" / "line"
ROUNDS, TOLD = KEPT / "hand.jsonl", KEPT / "told.json"


class Outcome(StrEnum):
    """How far crawlbench is from the values that were found by hand."""

    INSIDE = "inside 10 %"
    NOISE = "off by more, but within the noise"
    OFF = "OFF BY MORE THAN 10 %"
    NONE = "NO VALUE"


@dataclass(frozen=True, slots=True)
class Straight:
    """The costs from a straight line through the times of three lengths."""

    costs: tuple[Found, Found]
    """Seconds per page and to begin."""
    bend: Found
    """How much more a page costs up to the middle length than in the longest crawl, as a share."""


def main() -> None:
    """Measure what is missing as far as time allows, and print the results so far."""
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
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=8, help="fresh processes of each client")
    parser.add_argument("--laps", type=int, default=3, help="values of each length in a process")
    parser.add_argument("--minutes", type=float, default=8.0, help="most minutes for everything")
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
    """Return each client's costs from a session: mean and half-width, in seconds.

    A cost without a value is None; the result is empty if the session was too short for intervals.
    """
    found: dict[str, list[list[float] | None]] = {}
    for cell in (cell for cell in cells if cell["role"] != "control"):
        costs = [(cell[f"{key}_s"], cell[f"{key}_error_s"]) for key in ("per_page", "to_begin")]
        if any(mean is not None and error is None for mean, error in costs):
            return {}
        found[cell["strategy"]] = [None if mean is None else [mean, e] for mean, e in costs]
    return found


def draw(client: str, rounds: Sequence[dict[str, list[float]]]) -> Straight:
    """Return the straight line through a client's times: the mean of one line for each round."""
    pages = [PAGES[site] for site in LENGTHS]
    fits = [fit(pages, one[client]) for one in rounds]
    bends = [find_bend(pages, one[client]) for one in rounds]
    slope, start = (interval(values) for values in zip(*fits, strict=True))
    return Straight((slope, start), interval(bends))


def fit(pages: Sequence[int], times: Sequence[float]) -> tuple[float, float]:
    """Return the slope and the start of a line by least squares.

    Errors grow with the times, so each length counts by its relative distance from the line.
    Otherwise the longest crawl would determine where the line starts.
    """
    weights = [1 / time**2 for time in times]
    total = sum(weights)
    x = sum(map(math.prod, zip(weights, pages, strict=True))) / total
    y = sum(map(math.prod, zip(weights, times, strict=True))) / total
    both = sum(w * (p - x) * (t - y) for w, p, t in zip(weights, pages, times, strict=True))
    slope = both / sum(w * (p - x) ** 2 for w, p in zip(weights, pages, strict=True))
    return slope, y - slope * x


def find_bend(pages: Sequence[int], times: Sequence[float]) -> float:
    """Return how much more a page costs up to the middle length than over all, as a share."""
    first = (times[1] - times[0]) / (pages[1] - pages[0])
    whole = (times[2] - times[0]) / (pages[2] - pages[0])
    return first / whole - 1


def compare(mine: Found, told: list[float] | None) -> tuple[float, Outcome]:
    """Return a session's value over the one found by hand, and whether that is near enough."""
    if told is None:
        return math.nan, Outcome.NONE
    ratio = told[0] / mine.mean
    noise = ratio * math.hypot((mine.high - mine.mean) / mine.mean, told[1] / told[0])
    if abs(ratio - 1) <= MAX_OFF:
        return ratio, Outcome.INSIDE
    is_noise = abs(ratio - 1) - abs(noise) <= MAX_OFF
    return ratio, Outcome.NOISE if is_noise else Outcome.OFF


def tell(client: str, line: Straight, told: dict[str, list[list[float] | None]]) -> list[Outcome]:
    """Print both results for a client; return how near they are, per page and to begin."""
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
    """Return a time and its half-width in milliseconds, as text."""
    return f"{mean_s * 1e3:.3f} ±{half_s * 1e3:.3f} ms"


if __name__ == "__main__":
    main()
