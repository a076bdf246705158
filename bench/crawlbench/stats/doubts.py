"""Doubts about a session that every output shows (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.records import WarningNote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.records import Session

__all__ = ["find_doubts"]

SLOW_PARSERS = {"aiohttp.http_parser": "aiohttp's parser in pure Python"}
"""Parsers that only run where the compiled one is missing or switched off."""


def find_doubts(session: Session, least_rounds: int) -> list[WarningNote]:
    """Return what a reader must know before believing the numbers."""
    return [*_few_rounds(session, least_rounds), *_shared_cpu(session), *_slow_parsers(session)]


def _few_rounds(session: Session, least_rounds: int) -> Iterator[WarningNote]:
    rounds = len(session.rounds)
    if 0 < rounds < least_rounds:
        yield WarningNote(
            "rounds",
            f"the intervals rest on {rounds} round{'s' if rounds > 1 else ''} only; "
            f"--rounds {least_rounds} or more gives them a firmer ground",
        )


def _shared_cpu(session: Session) -> Iterator[WarningNote]:
    machine = session.machine
    if set(machine.worker_cpus) & set(machine.mirror_cpus):
        yield WarningNote(
            "cpu",
            "there is one CPU for the mirror and the workers: they slow each other down; "
            "use a machine with two or more",
        )
    elif not machine.worker_cpus:
        yield WarningNote(
            "cpu",
            "this system does not let us choose CPUs: the mirror and the workers may share one",
        )


def _slow_parsers(session: Session) -> Iterator[WarningNote]:
    for parser, name in SLOW_PARSERS.items():
        cells = [cell for cell, used in session.http_parsers.items() if used == parser]
        if cells:
            yield WarningNote(
                "parser",
                f"{len(cells)} cells ran on {name} ({cells[0]} first); "
                "install a wheel with the compiled one, or unset AIOHTTP_NO_EXTENSIONS",
            )
