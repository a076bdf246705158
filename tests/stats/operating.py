"""Plans and sessions of event loops' operations, beside crawls or alone."""

from __future__ import annotations

from dataclasses import replace

from crawlbench.base.records import Cell, OperationFacts
from crawlbench.stats.judge import judge
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session

LOOPS = ("asyncio", "uvloop")


def make_facts(name="futures", **changes):
    """Return the facts of an operation of a hundred somethings."""
    settings = {
        "theme": "tasks",
        "about": "Futures that are made and done",
        "counts": "futures",
        "n": 100,
        "peer": "none",
        "peer_is_aside": True,
        "whole_ms": False,
    }
    return OperationFacts(name=name, **{**settings, **changes})


def cell_of(name, loop):
    return Cell.of_operation(name, loop)


def make_operations_plan(*operations, loops=LOOPS, with_crawls=False, **changes):
    """Return a plan of these operations on these loops, the first of which is the baseline."""
    cells = [cell_of(facts.name, loop) for facts in operations for loop in loops]
    firsts = [cell_of(facts.name, loops[0]) for facts in operations]
    baselines = {cell.group: cell.name for cell in firsts}
    twins = [replace(cell, control=True) for cell in firsts]
    if with_crawls:
        cells, twins = [BASELINE, *cells], [CONTROL, *twins]
        baselines[BASELINE.group] = BASELINE.name
    settings = {"suite": "loops", "cells": (*cells, *twins), "baselines": baselines}
    return make_plan(**{**settings, "operations": operations, **changes})


def make_operations_session(plan, factors=None, *, failures=(), rounds=6, seen=None, **changes):
    """Return a judged session in which a cell takes its factor of 10 ms, 1 unless given.

    Args:
        plan: its plan.
        factors: cell to factor.
        failures: of cells, which have no values then.
        rounds: how many.
        seen: cell to what its samples have instead of what `make_sample` gives.
        changes: other fields of the session.
    """
    wobble = (1.0, 1.001, 0.999, 1.0005, 0.9995)
    failed = {failure.cell for failure in failures}
    valid = [cell for cell in plan.cells if cell.name not in failed]
    records = []
    for number in range(rounds):
        base = 0.010 * wobble[number % len(wobble)]
        records.append(
            {
                cell: [base * (factors or {}).get(replace(cell, control=False), 1.0), base]
                if cell.control
                else [base * (factors or {}).get(cell, 1.0)] * 2
                for cell in valid
            }
        )
    networks = {cell.network: {"round_trip_s": 0.0} for cell in plan.cells if cell.network}
    settings = {"networks": networks, **changes}
    return judge(make_session(plan, records, failures, seen, **settings))
