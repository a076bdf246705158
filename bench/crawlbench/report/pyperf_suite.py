"""A plain pyperf suite: what it has, and what it lacks (floor 3).

Such a suite has no mirror, no laps and no baseline, so nothing is compared here; pyperf itself
compares two of them.
"""

from __future__ import annotations

from json import JSONDecodeError
from statistics import fmean, stdev
from typing import TYPE_CHECKING

import pyperf

from crawlbench.base.errors import SessionFileError
from crawlbench.base.text import one_line
from crawlbench.report.numbers import format_part, format_seconds
from crawlbench.report.table import Table, columns_of

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.report.notes import Note

_COLUMNS = columns_of("benchmark, mean:, spread:, values:, runs:")
READING = (
    "this is a plain pyperf suite: mean and spread (standard deviation) of all values. It has no "
    "rounds, laps, baseline or control, so there are no ratios, intervals and verdicts; "
    "`pyperf compare_to` compares two of them"
)


def load_plain_suite(path: Path) -> pyperf.BenchmarkSuite:
    """Read a pyperf suite.

    Raises:
        SessionFileError: it cannot be read, or is not a suite.
    """
    try:
        return pyperf.BenchmarkSuite.load(str(path))
    except OSError as error:
        # What is not gzip despite its name is an OSError of its own, which no system has named.
        reason = error.strerror or error
        raise SessionFileError(f"{str(path)!r} cannot be read: {reason}") from error
    except Exception as error:
        raise SessionFileError(
            f"{str(path)!r} is not a whole pyperf suite ({_why_not(error)}); "
            "give a session's folder or a file that pyperf wrote"
        ) from error


def _why_not(error: Exception) -> str:
    """Return in words what pyperf met; where in itself it stumbled says nothing to a user."""
    if isinstance(error, JSONDecodeError | UnicodeDecodeError):
        return f"it is not JSON: {error}"
    if isinstance(error, AttributeError | LookupError | TypeError):
        return "it is JSON of another kind"
    return f"{type(error).__name__}: {error}"


def plain_table(suite: pyperf.BenchmarkSuite) -> Table:
    """Return a row per benchmark, in the order of the suite."""
    rows = [_row(bench) for bench in suite]
    return Table("pyperf suite", _COLUMNS, tuple(rows))


def _row(bench: pyperf.Benchmark) -> tuple[str, ...]:
    values = bench.get_values()
    name = one_line(bench.get_name() or "unnamed")
    counts = (str(len(values)), str(bench.get_nrun()))
    if not values:
        return (name, "-", "-", *counts)
    if bench.get_unit() != "second":
        return (name, bench.format_value(fmean(values)), "-", *counts)
    spread = stdev(values) if len(values) > 1 else None
    mean = format_seconds(fmean(values), spread)
    return (name, mean, format_part(spread) if spread else "-", *counts)


def plain_notes(suite: pyperf.BenchmarkSuite) -> list[Note]:
    """Return how to read the table, and what the suite says about where it ran."""
    metadata: dict[str, object] = suite.get_metadata()
    wanted = ("hostname", "cpu_model_name", "platform", "python_version", "perf_version")
    facts = [one_line(f"{name} {metadata[name]}") for name in wanted if name in metadata]
    return [("reading", READING), *([("machine", ", ".join(facts))] if facts else [])]
