"""Compares crawlbench with a script of plain loops, per page and to begin.

    python -m benchmarks.cross [PART ...] [--rounds 8] [--laps 4] [--seconds 280]

The script (`plain_loops.py`) shares no measuring code with crawlbench. The parts `script-NETWORK`
and `crawlbench-NETWORK` are the two ways to measure eight clients; without a name all parts are
measured. Each part ends within five minutes and is kept in results/cross/: finished rounds are not
measured again, and an interrupted part continues. Prints a line with both results for each client
that was measured in both ways. Exits with 1 if the two intervals do not overlap, or if one is
missing.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path

from benchmarks.plain_loops import PAGES, Found, Task, interval, keep_rounds, read_rounds
from benchmarks.told_session import Subject, measure_session

BASELINE = "requests-serial"
CLIENTS = (
    BASELINE,
    "requests-threads",
    "urllib3-threads",
    "http-client-serial",
    "httpx-async",
    "aiohttp-gather",
    "aiohttp-session-per-request",
    "pycurl-multi",
)
SHORT = "douban-top250"
LONG = {"loopback": "douban-x100", "wan": "douban-x30"}
KEPT = Path(__file__).resolve().parent.parent / "results" / "cross"


def main() -> None:
    """Measure what is missing in the parts, and compare."""
    options = read_options()
    KEPT.mkdir(parents=True, exist_ok=True)
    for part in options.part or PARTS:
        way, _, network = part.partition("-")
        WAYS[way](network, options)
    disagreements = sum(map(compare_network, LONG))
    sys.exit(1 if disagreements else 0)


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("part", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=8, help="fresh processes of each client")
    parser.add_argument("--laps", type=int, default=4, help="values of each length in a process")
    parser.add_argument("--seconds", type=float, default=280.0, help="most seconds for a part")
    options = parser.parse_args()
    if unknown := set(options.part) - set(PARTS):
        parser.error(f"unknown part {min(unknown)!r}; known: {', '.join(PARTS)}")
    if options.rounds < 2:
        parser.error(f"--rounds {options.rounds} gives no interval; use 2 or more")
    return options


# How the script measures.


def run_script(network: str, options: argparse.Namespace) -> None:
    """Measure and keep the missing rounds of all clients."""
    path, end_s = find_rounds(network), time.monotonic() + options.seconds
    task = Task(CLIENTS, (SHORT, LONG[network]), network, options.laps)
    if missing := keep_rounds(path, task, options.rounds, end_s):
        print(f"{path.stem}: {missing} of {options.rounds} rounds are missing; call again for them")


def find_rounds(network: str) -> Path:
    """Return the file with the results of plain loops on a network."""
    return KEPT / f"script-{network}.jsonl"


def sum_up(network: str) -> dict[str, tuple[Found, Found]]:
    """Return the results of plain loops: per page as a ratio, to begin as milliseconds more."""
    rounds = read_rounds(find_rounds(network))
    if len(rounds) < 2:
        return {}
    more, pages = PAGES[LONG[network]] - PAGES[SHORT], PAGES[SHORT]
    slopes = {c: [(one[c][1] - one[c][0]) / more for one in rounds] for c in CLIENTS}
    begins = {
        c: [one[c][0] - pages * slope for one, slope in zip(rounds, slopes[c], strict=True)]
        for c in CLIENTS
    }
    found = {}
    for client in (client for client in CLIENTS if client != BASELINE):
        by_page = zip(slopes[client], slopes[BASELINE], strict=True)
        by_begin = zip(begins[client], begins[BASELINE], strict=True)
        ratios, more_ms = [a / b for a, b in by_page], [(a - b) * 1e3 for a, b in by_begin]
        found[client] = as_ratio(ratios), interval(more_ms)
    return found


def as_ratio(values: list[float]) -> Found:
    """Return the geometric mean and its interval; a slope of 0 or less has no logarithm."""
    if min(values) <= 0:
        return Found(math.nan, 0.0, math.inf)
    found = interval([math.log(value) for value in values])
    return Found(math.exp(found.mean), math.exp(found.low), math.exp(found.high))


# How crawlbench measures: by its command and its published JSON.


def run_crawlbench(network: str, options: argparse.Namespace) -> None:
    """Measure the same clients in a session, and keep its results."""
    part = f"crawlbench-{network}"
    told = measure_session(part, Subject(CLIENTS, SHORT, LONG[network], network), options.seconds)
    found = {
        cell["strategy"]: (
            [cell[f"per_page_ratio{end}"] for end in ("", "_low", "_high")],
            [cell[f"to_begin_more{end}_s"] * 1e3 for end in ("", "_low", "_high")],
        )
        for cell in told
        if cell["role"] == "contestant" and cell["per_page_ratio"]
    }
    (KEPT / f"crawlbench-{network}.json").write_text(json.dumps(found, indent=1) + "\n")


def load_found(network: str) -> dict[str, tuple[Found, Found]]:
    """Return crawlbench's results, as far as they are kept."""
    path = KEPT / f"crawlbench-{network}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {client: (Found(*page), Found(*begin)) for client, (page, begin) in kept.items()}


# Both results, side by side.


def compare_network(network: str) -> int:
    """Print both results for a network, if both are kept; return how many disagree."""
    by_script, by_crawlbench = sum_up(network), load_found(network)
    return show(network, by_script, by_crawlbench) if by_script and by_crawlbench else 0


def show(
    network: str,
    by_script: dict[str, tuple[Found, Found]],
    by_crawlbench: dict[str, tuple[Found, Found]],
) -> int:
    """Print both results side by side, and return how many disagree."""
    disagreements = 0
    print(f"\n{network}, against {BASELINE}, 95 %: a page's ratio, and ms more to begin")
    print(f"{'client':<28} {'':<10} {'script':>28} {'crawlbench':>28}")
    for client, ours in by_script.items():
        theirs = by_crawlbench.get(client)
        for place, what in enumerate(("per page", "to begin")):
            mine, other = ours[place], theirs[place] if theirs else None
            agrees = other is not None and mine.meets(other)
            disagreements += not agrees
            remark = "" if agrees else "  DISAGREE" if other else "  NOT COMPARED"
            print(f"{client:<28} {what:<10} {tell(mine):>28} {tell(other):>28}{remark}")
    return disagreements


def tell(found: Found | None) -> str:
    """Return a mean and its interval as text."""
    if found is None:
        return "no value"
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"


WAYS = {"script": run_script, "crawlbench": run_crawlbench}
PARTS = tuple(f"{way}-{network}" for network in LONG for way in WAYS)

if __name__ == "__main__":
    main()
