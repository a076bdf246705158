"""Sessions made of given numbers, for tests of what follows from them."""

from __future__ import annotations

from crawlbench.base.records import Cell, Ending, Machine, Plan, RoundRecord, Sample, Session

BASELINE = Cell("site", "net", "base", None, "lxml", 10)
CONTROL = Cell("site", "net", "base", None, "lxml", 10, control=True)
MACHINE = Machine(
    hostname="host",
    cpu_model="A CPU",
    cpu_count=4,
    memory_bytes=8 * 2**30,
    platform="Linux",
    python="CPython 3.13.0",
    versions={"aiohttp": "3.14.5", "pyperf": "2.10.0"},
    worker_cpus=(0, 1, 2),
    mirror_cpus=(3,),
)


def other(name, event_loop=None, network="net"):
    """Return one more cell."""
    return Cell("site", network, name, event_loop, "lxml", 10)


def make_plan(*cells, **changes):
    """Return a plan of these cells beside baseline and control."""
    settings = {
        "suite": "test",
        "cells": (BASELINE, *cells, CONTROL),
        "baselines": {"site/net": BASELINE.name},
        "rounds": 10,
        "laps": 2,
        "warmups": 1,
        "min_time_s": 0.1,
        "lap_time_s": 1.0,
        "budget_s": None,
        "precision": None,
        "margin": 0.01,
        "confidence": 0.95,
        "timeout_s": 60.0,
        "seed": 1,
    }
    return Plan(**{**settings, **changes})


def make_sample(cell, lap, seconds, *, warmup=False, slot=0, **changes):
    """Return a sample of one crawl."""
    settings = {
        "cpu_user_s": seconds / 2,
        "cpu_system_s": seconds / 4,
        "cpu_wait_s": 0.0,
        "parse_s": seconds / 10,
        "yields": 10,
        "preemptions": 1,
        "base_rss_bytes": 30 * 2**20,
        "peak_rss_bytes": 40 * 2**20,
        "requests": 20,
        "connections": 4,
        "most_in_flight": 3,
        "wire_bytes": 1000,
        "mirror_cpu_s": 0.001,
        "mirror_wait_s": 0.0,
    }
    return Sample(cell.name, lap, slot, warmup, 2, seconds, **{**settings, **changes})


def make_session(plan, rounds, failures=(), seen=None, **changes):
    """Return an unjudged session.

    Args:
        plan: its plan.
        rounds: per round, cell to the seconds of its laps.
        failures: of cells.
        seen: cell to what its samples have instead of what `make_sample` gives.
    """
    seen = seen or {}
    records = []
    for number, by_cell in enumerate(rounds, 1):
        samples = [make_sample(cell, 0, 9.9, warmup=True) for cell in by_cell]
        for cell, values in by_cell.items():
            samples += [
                make_sample(cell, lap, seconds, **seen.get(cell, {}))
                for lap, seconds in enumerate(values)
            ]
        records.append(RoundRecord(number, "2026-01-01T00:00:00+00:00", 10.0, tuple(samples)))
    settings = {
        "machine": MACHINE,
        "created": "2026-01-01T00:00:00+00:00",
        "tool": "0.1.0",
        "networks": {cell.network: {"round_trip_s": 0.04} for cell in plan.cells},
        "rounds": tuple(records),
        "failures": tuple(failures),
        "seconds": 100.0,
        "ending": Ending.ROUNDS,
    }
    return Session(plan=plan, **{**settings, **changes})
