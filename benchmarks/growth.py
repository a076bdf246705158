"""Shows what a matrix costs in time and bytes at 1, 2, 4 and 10 times its contestants.

python -m benchmarks.growth

Bundles have invented values, and are encoded and judged as real ones are, so that bytes and the
judge's time are measured. The time to measure a session is the estimate of the part. If there is a
matrix of this machine, the time that its sessions really took is printed beside the estimate.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench import __version__
from crawlbench.base.records import Ending, RoundRecord, Sample, Session
from crawlbench.measure.machine import describe_machine
from crawlbench.mirror.networks import find_network
from crawlbench.reference.bundle import encode_bundle, restore
from crawlbench.reference.contribution import QUANTITIES
from crawlbench.reference.matrix import load_matrices
from crawlbench.reference.parts import SESSIONS, Part, load_parts
from crawlbench.reference.pooling import SessionPool
from crawlbench.reference.sources import pages_of_site
from crawlbench.reference.submission import make_bundle
from crawlbench.report.numbers import format_bytes, format_length

if TYPE_CHECKING:
    from crawlbench.base.records import Cell, Plan

STEPS = (1, 2, 4, 10)
SHOWN = "parsers"
"""The part that is simulated in full; the others are assumed to grow in the same way."""
MATRICES = Path(__file__).resolve().parent.parent / "results" / "matrix"


def main() -> None:
    """Print a row for each step."""
    read_words(__doc__)
    parts = load_parts()
    part = next(one for one in parts if one.name == SHOWN)
    cells = sum(len(one.plan.cells) for one in parts)
    print("| contestants | cells | to measure | bytes | to judge a session | to pool and rank |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for times in STEPS:
        size, judged_s, pooled_s = simulate(part, times)
        seconds = SESSIONS * sum(cost_of(one, times) for one in parts)
        whole = size / (len(part.plan.cells) * times) * cells * times * SESSIONS
        print(
            f"| x {times} | {cells * times} | {format_length(seconds)} | {format_bytes(whole)} "
            f"| {judged_s:.2f} s | {pooled_s:.1f} s |"
        )
    tell_real(parts)


def cost_of(part: Part, times: int) -> float:
    """Return the seconds of a session with a multiple of the cells."""
    grown = replace(part.plan, cells=part.plan.cells * times)
    return replace(part, plan=grown).expected_s


def simulate(part: Part, times: int) -> tuple[int, float, float]:
    """Return the size of a bundle with a multiple of the contestants, and the judge's time.

    Returns:
        bytes; seconds to read and judge it; seconds to pool three of them and rank all pairs.
    """
    made = [invent(grow(part.plan, times), seed) for seed in range(SESSIONS)]
    bundle = make_bundle(made[0])
    began = time.perf_counter()
    session = restore(bundle.content)
    judged_s = time.perf_counter() - began
    began = time.perf_counter()
    pool = SessionPool([session, *made[1:]], next(iter(session.plan.baselines)))
    for quantity in QUANTITIES:
        pool.ratios(quantity)
    pool.share_told()
    return len(encode_bundle(bundle)), judged_s, time.perf_counter() - began


def grow(plan: Plan, times: int) -> Plan:
    """Return a plan with a multiple of the contestants, under invented names."""
    copies = [
        replace(cell, strategy=f"{cell.strategy}-{number}")
        for number in range(2, times + 1)
        for cell in plan.cells
    ]
    return replace(plan, cells=(*plan.cells, *(replace(one, control=False) for one in copies)))


def invent(plan: Plan, seed: int) -> Session:
    """Return a session of that plan with invented values."""
    rng = random.Random(seed)
    truths = {
        cell.strategy: random.Random(cell.strategy).uniform(0.01, 0.05) for cell in plan.cells
    }
    names = {cell.name: cell for cell in plan.cells}  # twins of copies share a name
    plan = replace(plan, cells=tuple(names.values()))
    rounds = tuple(
        RoundRecord(
            number,
            "2026-01-01T00:00:00+00:00",
            60.0,
            tuple(
                _invent_sample(cell, lap, slot, truths[cell.strategy], rng)
                for lap in range(plan.laps)
                for slot, cell in enumerate(plan.cells)
            ),
        )
        for number in range(1, plan.rounds + 1)
    )
    return Session(
        plan=plan,
        machine=describe_machine(),
        created="2026-01-01T00:00:00+00:00",
        tool=__version__,
        networks={
            name: find_network(name).as_numbers() for name in {c.network for c in plan.cells}
        },
        rounds=rounds,
        ending=Ending.ROUNDS,
    )


def _invent_sample(cell: Cell, lap: int, slot: int, truth: float, rng: random.Random) -> Sample:
    seconds = truth * rng.lognormvariate(0, 0.02)
    share = rng.uniform(0.7, 0.8)
    return Sample(
        cell=cell.name,
        lap=lap,
        slot=slot,
        warmup=False,
        loops=2,
        seconds=seconds,
        cpu_user_s=seconds * share,
        cpu_system_s=seconds * 0.1,
        cpu_wait_s=0.0,
        parse_s=seconds * rng.uniform(0.2, 0.3),
        yields=rng.randrange(5, 50),
        preemptions=rng.randrange(3),
        base_rss_bytes=rng.randrange(40, 60) * 2**20,
        peak_rss_bytes=rng.randrange(60, 80) * 2**20,
        requests=2 * pages_of_site(cell.site),
        connections=rng.randrange(1, 20),
        most_in_flight=rng.randrange(1, 10),
        wire_bytes=249_986,
        mirror_cpu_s=seconds * rng.uniform(0.02, 0.05),
        mirror_wait_s=seconds * rng.uniform(0, 0.001),
        cpu_s=seconds * (share + 0.1),
    )


def tell_real(parts: list[Part]) -> None:
    """Print the time and the size of real sessions beside the estimates."""
    guessed = {part.name: part.expected_s for part in parts}
    for matrix in load_matrices(MATRICES):
        for one in matrix.sessions:
            size = (MATRICES / one.file).stat().st_size
            guess = guessed.get(one.suite)
            beside = f" (guessed: {format_length(guess)})" if guess else ""
            took = format_length(one.session.seconds)
            print(f"{one.file}: {took}{beside}, {format_bytes(size)}")


if __name__ == "__main__":
    main()
