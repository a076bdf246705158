"""Turns a probe's report into rows and notes, for every format (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.probe.findings import NOT_TRIED, Support

if TYPE_CHECKING:
    from crawlbench.probe.findings import Finding, LoopFacts, Report

SHOWN_FIRST = (Support.CRASHES, Support.HANGS, Support.WRONG, Support.NOT_IMPLEMENTED)
"""Order of the notes: the worst first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One probe."""

    probe: str
    about: str
    supports: tuple[Support | None, ...]
    """The result of each loop, in the matrix's order; None where the probe was ended early."""

    @property
    def words(self) -> tuple[str, ...]:
        """The same results as text."""
        return tuple(str(support or NOT_TRIED) for support in self.supports)


@dataclass(frozen=True, slots=True)
class Matrix:
    """One theme: probes by loops."""

    theme: str
    loops: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Why some probes fail on some loops."""

    support: Support
    loops: tuple[str, ...]
    probes: tuple[str, ...]
    reason: str


def probed_loops(report: Report) -> tuple[LoopFacts, ...]:
    """Return the loops that could be probed."""
    return tuple(loop for loop in report.loops if not loop.absent)


def make_matrices(report: Report, loops: tuple[str, ...] = ()) -> list[Matrix]:
    """Return a matrix for each theme, in the order of the probes.

    Args:
        report: what was found.
        loops: the columns; by default all that were probed.
    """
    loops = loops or tuple(loop.name for loop in probed_loops(report))
    found = {(f.loop, f.probe): f for f in report.findings}
    themes: dict[str, dict[str, Finding]] = {}
    for finding in report.findings:
        themes.setdefault(finding.theme, {}).setdefault(finding.probe, finding)
    return [
        Matrix(theme, loops, tuple(_row(finding, loops, found) for finding in probes.values()))
        for theme, probes in themes.items()
    ]


def _row(finding: Finding, loops: tuple[str, ...], found: dict[tuple[str, str], Finding]) -> Row:
    findings = [found.get((loop, finding.probe)) for loop in loops]
    supports = tuple(one.support if one else None for one in findings)
    return Row(finding.probe, finding.about, supports)


def summary_rows(report: Report) -> list[tuple[LoopFacts, dict[Support, int]]]:
    """Return, for each probed loop, how many probes had each result."""
    return [
        (loop, dict(Counter(f.support for f in report.findings if f.loop == loop.name)))
        for loop in probed_loops(report)
    ]


def make_notes(report: Report) -> list[Note]:
    """Return the notes, the worst first; probes and loops with the same reason share a note."""
    notes = []
    for support in (*SHOWN_FIRST, Support.NOT_HERE):
        probes_of: dict[tuple[str, str], list[str]] = {}
        for finding in report.findings:
            if finding.support is support:
                probes_of.setdefault((finding.loop, finding.reason), []).append(finding.probe)
        loops_of: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (loop, reason), probes in probes_of.items():
            loops_of.setdefault((reason, tuple(probes)), []).append(loop)
        for (reason, shared), loops in loops_of.items():
            notes.append(Note(support, tuple(loops), shared, reason))
    return notes


def note_text(note: Note) -> str:
    """Return a note as one line, without its support; many probes are counted, not named."""
    few = 4
    probes = ", ".join(note.probes) if len(note.probes) <= few else f"{len(note.probes)} probes"
    return f"{', '.join(note.loops)}: {probes}: {note.reason}"


def about_lines(report: Report) -> list[tuple[str, str]]:
    """Return labels and lines about the time and the machine of the probe, and absent loops."""
    lines = [
        ("found", f"{report.date}, {report.python}, {report.platform}"),
        ("deadline", f"{report.deadline_s:g} s for each probe, in a process of its own"),
    ]
    for loop in report.loops:
        text = f"{loop.type} ({loop.version or 'version unknown'})"
        lines.append((loop.name, f"absent: {loop.absent}" if loop.absent else text))
    if report.missing:
        lines.append(("missing", missing_text(report)))
    return lines


def missing_text(report: Report) -> str:
    """Return how many findings are missing because the probe was ended early; empty if none."""
    found = len(report.findings)
    due = found + report.missing
    return f"{report.missing} of {due} findings are missing: the probe was ended early"
