"""Turns a probe's report into rows and lines, for every format (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.probe.findings import NOT_TRIED, Support

if TYPE_CHECKING:
    from crawlbench.probe.findings import Finding, LoopFacts, Report

WORST_FIRST = (
    *(Support.CRASHES, Support.HANGS, Support.WRONG, Support.NOT_IMPLEMENTED),
    Support.NOT_HERE,
)
"""Order of the reasons."""
MAX_NAMED = 4
"""Most probes that a reason names; more are counted."""
_FINE = frozenset({Support.WORKS, Support.NOT_HERE, NOT_TRIED})


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One probe."""

    probe: str
    about: str
    supports: tuple[Support | None, ...]
    """The result of each loop, in the table's order; None where the probe was ended early."""

    @property
    def words(self) -> tuple[str, ...]:
        """The same results as text."""
        return tuple(str(support or NOT_TRIED) for support in self.supports)


@dataclass(frozen=True, slots=True)
class ThemeTable:
    """One theme: probes by loops."""

    theme: str
    loops: tuple[str, ...]
    rows: tuple[ProbeRow, ...]


def probed_loops(report: Report) -> tuple[LoopFacts, ...]:
    """Return the loops that could be probed."""
    return tuple(loop for loop in report.loops if not loop.absent)


def theme_tables(report: Report, loops: tuple[str, ...] = ()) -> list[ThemeTable]:
    """Return a table for each theme, in the order of the probes, with these loops or with all."""
    loops = loops or tuple(loop.name for loop in probed_loops(report))
    found = {(f.loop, f.probe): f for f in report.findings}
    themes: dict[str, dict[str, Finding]] = {}
    for finding in report.findings:
        themes.setdefault(finding.theme, {}).setdefault(finding.probe, finding)
    return [
        ThemeTable(theme, loops, tuple(_row(finding, loops, found) for finding in probes.values()))
        for theme, probes in themes.items()
    ]


def _row(
    finding: Finding, loops: tuple[str, ...], found: dict[tuple[str, str], Finding]
) -> ProbeRow:
    findings = [found.get((loop, finding.probe)) for loop in loops]
    supports = tuple(one.support if one else None for one in findings)
    return ProbeRow(finding.probe, finding.about, supports)


def count_rows(report: Report) -> tuple[tuple[str, ...], ...]:
    """Return for each loop its name, and how many probes had each `Support`, in that order."""
    counts = Counter((finding.loop, finding.support) for finding in report.findings)
    return tuple(
        (loop.name, *(str(counts[loop.name, support]) for support in Support))
        for loop in probed_loops(report)
    )


def all_rows(report: Report) -> tuple[tuple[str, ...], ...]:
    """Return the theme and name of each probe, and the result of each loop."""
    return tuple(
        (table.theme, row.probe, *row.words) for table in theme_tables(report) for row in table.rows
    )


def lacking_rows(report: Report) -> tuple[tuple[str, ...], ...]:
    """Return the rows of `all_rows` in which a loop fails at something that this Python has."""
    return tuple(row for row in all_rows(report) if not _FINE.issuperset(row[2:]))


def reason_rows(report: Report) -> tuple[tuple[Support, str], ...]:
    """Return results and why, in a line each, the worst first.

    Probes and loops with the same reason share a line.
    """
    rows = []
    for support in WORST_FIRST:
        probes_of: dict[tuple[str, str], list[str]] = {}
        for finding in report.findings:
            if finding.support is support:
                probes_of.setdefault((finding.loop, finding.reason), []).append(finding.probe)
        loops_of: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (loop, reason), probes in probes_of.items():
            loops_of.setdefault((reason, tuple(probes)), []).append(loop)
        for (reason, shared), loops in loops_of.items():
            named = ", ".join(shared) if len(shared) <= MAX_NAMED else f"{len(shared)} probes"
            rows.append((support, f"{', '.join(loops)}: {named}: {reason}"))
    return tuple(rows)


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
    """Return how many findings are missing because the probe was ended early."""
    due = len(report.findings) + report.missing
    return f"{report.missing} of {due} findings are missing: the probe was ended early"
