"""Sessions of shipped names and given numbers, and bundles of them that were tampered with."""

from __future__ import annotations

import random
from dataclasses import replace

import msgspec

from crawlbench.base.records import Cell
from crawlbench.mirror.networks import find_network
from crawlbench.reference.bundle import Content, seal
from crawlbench.reference.submission import make_bundle
from crawlbench.stats.judge import judge
from tests.stats.builders import MACHINE, make_plan, make_session

SITE, NETWORK = "douban-top250", "loopback"
BASE = Cell(SITE, NETWORK, "requests-serial", None, "none", 10)
TWIN = replace(BASE, control=True)
GROUP = f"{SITE}/{NETWORK}"
MARGIN = 0.05
REAL = replace(
    MACHINE,
    hostname="annas-laptop",
    cpu_model="AMD EPYC 7763 64-Core Processor",
    platform="Linux-6.8.12-300.fc40.x86_64-x86_64-with-glibc2.39",
    python="CPython 3.11.7",
    versions=dict.fromkeys(("aiohttp", "httpx", "httpx2", "pyperf", "requests", "uvloop"), "1.2.3"),
)

CPU_SHARE = 0.75
"""Of each crawl's time, as `make_sample` has it."""


def way(strategy, event_loop="asyncio", parser="none"):
    """Return one more cell."""
    return Cell(SITE, NETWORK, strategy, event_loop, parser, 10)


FAST, SLOW = way("aiohttp-gather"), way("httpx-async")
ALIKE = way("httpx2-async")
RATIOS = {BASE: 1.0, TWIN: 1.0, FAST: 0.5, SLOW: 1.6, ALIKE: 1.605}


def measured(
    seed=1, ratios=None, *, noise=0.01, rounds=6, laps=2, shift=0.0, created=None, **changes
):
    """Return a judged session in which cells take so many times the baseline's time.

    Args:
        seed: of the noise.
        ratios: cell to its true ratio.
        noise: standard deviation of a lap's log time.
        rounds: number of rounds.
        laps: values of each cell in a round.
        shift: by so much all cells but the baseline are slower in this session.
        created: when it was made.
        changes: of the session; `baselines` and `long_forms` are the plan's.
    """
    rng = random.Random(seed)
    ratios = ratios or RATIOS
    plan = make_plan(
        cells=tuple(ratios),
        baselines=changes.pop("baselines", {GROUP: BASE.name}),
        long_forms=changes.pop("long_forms", {}),
        suite="crawl",
        rounds=rounds,
        laps=laps,
        margin=MARGIN,
    )
    records = [
        {
            cell: [
                0.02
                * ratio
                * rng.lognormvariate(shift if cell.strategy != BASE.strategy else 0.0, noise)
                for _ in range(laps)
            ]
            for cell, ratio in ratios.items()
        }
        for _ in range(rounds)
    ]
    settings = {
        "machine": REAL,
        "ceilings": {GROUP: 50_000.0},
        "networks": {NETWORK: {n: float(x) for n, x in find_network(NETWORK).as_numbers().items()}},
        "created": created or f"2026-11-0{1 + seed % 9}T00:00:00+00:00",
    }
    found = make_session(plan, records, **{**settings, **changes})
    with_cpu = [
        replace(
            record, samples=tuple(replace(s, cpu_s=s.seconds * CPU_SHARE) for s in record.samples)
        )
        for record in found.rounds
    ]
    return judge(replace(found, rounds=tuple(with_cpu)))


def bundled(**changes):
    """Return the bundle of a measured session."""
    return make_bundle(measured(**changes))


def tampered(bundle, edit):
    """Return a bundle whose content was edited as JSON and sealed again, as a forger would."""
    content = msgspec.to_builtins(bundle.content)
    edit(content)
    return seal(msgspec.convert(content, Content))
