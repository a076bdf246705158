"""Turns a probe's report into rows: by loop, what some loops lack, or all (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.probe.findings import NOT_TRIED, Support
from crawlbench.probe.matrix import make_matrices, make_notes, note_text, summary_rows

if TYPE_CHECKING:
    from crawlbench.probe.findings import Report

_FINE = frozenset({Support.WORKS, Support.NOT_HERE, NOT_TRIED})


def count_rows(report: Report) -> tuple[tuple[str, ...], ...]:
    """Return for each loop its name, and how many probes had each `Support`, in that order."""
    return tuple(
        (loop.name, *(str(counts.get(support, 0)) for support in Support))
        for loop, counts in summary_rows(report)
    )


def all_rows(report: Report) -> tuple[tuple[str, ...], ...]:
    """Return the theme and name of each probe, and the result of each loop."""
    return tuple(
        (matrix.theme, row.probe, *row.words)
        for matrix in make_matrices(report)
        for row in matrix.rows
    )


def lacking_rows(report: Report) -> tuple[tuple[str, ...], ...]:
    """Return the rows of `all_rows` in which a loop fails at something that this Python has."""
    fine = set(map(str, _FINE))
    return tuple(row for row in all_rows(report) if not fine.issuperset(row[2:]))


def reason_rows(report: Report) -> tuple[tuple[str, str], ...]:
    """Return result, loops, probes and reason, the worst first."""
    return tuple((str(note.support), note_text(note)) for note in make_notes(report))
