"""Finds cells that work while others are measured, and excuses rare cases (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.base.text import tell_apart

if TYPE_CHECKING:
    from crawlbench.measure.contract import Value

REST_CPU_S = 0.001
"""CPU time that a worker may use between its turns: so little hardly affects a crawl."""
VALUE_SHARE = 0.01
"""The same limit as a share of the value's time, if that is more; it is below what matters."""
REST_SHARE = 0.001
"""The same limit as a share of the time between turns, if that is more. An idle thread that wakes
up twice a second uses 0.01 %, which no neighbour notices; a busy one uses 100 %."""
MAX_RESTLESS = 0.1
"""Share of a cell's turns in which unrest is excused. Disturbing so few of its neighbours' laps
moves no ratio, because the midmean leaves out a quarter at each end. A busy hypervisor charges its
own pauses to whatever has the CPU, so that a worker that only waits may now and then seem to have
used a millisecond."""


def find_unrest(cpu_s: float, rest_s: float, value_s: float) -> str | None:
    """Say that a process did not stand still between its turns, or return None.

    Args:
        cpu_s: CPU time that it used between its turns, which begin and end with the clock.
        rest_s: how long it should have stood still.
        value_s: how long one of its values takes.
    """
    allowed_s = max(REST_CPU_S, VALUE_SHARE * value_s, REST_SHARE * rest_s)
    if cpu_s <= allowed_s:
        return None
    used, allowed = tell_ms(cpu_s, allowed_s)
    return (
        f"it worked between its turns: {used} of CPU time after its clock had stopped; {allowed} "
        "are allowed"
    )


def find_restless(value: Value) -> str | None:
    """Say that a worker did not stand still before a value, or return None.

    Its unfinished work may be a share of the longest value that its process takes.
    """
    conduct = value.conduct
    return find_unrest(conduct.rest_cpu_s, conduct.rest_s, max(value.seconds, conduct.last_s))


def tell_ms(*seconds: float) -> list[str]:
    """Return times of one sentence in milliseconds, with enough digits to tell them apart."""
    return [f"{text} ms" for text in tell_apart(*(1e3 * one for one in seconds), form=",.3g")]


class Patience:
    """Remembers over a session which cells did not stand still, and excuses rare cases."""

    def __init__(self, always: int = 1) -> None:
        """Remember nothing yet; excuse so many times however few the turns were."""
        self._always = always
        self._turns = Counter[str]()
        self._restless = Counter[str]()

    def excuse(self, cell: str, value: Value) -> Value:
        """Return the value; if unrest before it is excused, as if the worker had stood still.

        Beyond those that are always excused, all times together may be at most `MAX_RESTLESS` of
        the cell's turns.
        """
        conduct = value.conduct
        self._turns[cell] += 1
        if find_restless(value) is None:
            return value
        self._restless[cell] += 1
        if self._restless[cell] > max(self._always, MAX_RESTLESS * self._turns[cell]):
            return value
        return replace(value, conduct=replace(conduct, rest_cpu_s=0.0))
