"""The formats that CI tools read, made from `Results` (floor 3; pure).

Only valid cells with a time are written; controls are not, since CI would alarm on noise. Times are
those of one crawl or one call. Sources of the formats: github-action-benchmark `src/extract.ts`,
Bencher's reference of its metric format, pytest-benchmark's JSON, asv `docs/source/dev.rst`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from statistics import fmean, median, quantiles, stdev
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.text import count_of
from crawlbench.report.cellresult import COLUMNS
from crawlbench.report.results import results_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Session
    from crawlbench.report.cellresult import CellResult
    from crawlbench.report.results import Results
    from crawlbench.report.view import SessionView

Export = Callable[["SessionView"], str]
"""Returns a file's whole text."""

LONGEST_NAME = 1024
"""Most characters of a benchmark's name in Bencher."""
NANOSECONDS = 1e9


def to_csv(view: SessionView) -> str:
    """Return a row per cell; text that a spreadsheet would run as a formula is escaped."""
    results = results_of(view)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cell in results.cells:
        writer.writerow([_plain(getattr(cell, column)) for column in COLUMNS])
    return written.getvalue()


def _plain(value: object) -> object:
    # The characters are those of OWASP's page on CSV injection.
    is_formula = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if is_formula else value


def to_json(view: SessionView) -> str:
    """Return the published JSON; `docs/results.schema.json` describes it."""
    return msgspec.json.format(msgspec.json.encode(results_of(view)), indent=1).decode() + "\n"


def to_github_time(view: SessionView) -> str:
    """Return github-action-benchmark's `customSmallerIsBetter`: times."""
    results = results_of(view)
    return _dump(
        [
            {
                "name": cell.cell,
                "value": cell.seconds,
                "unit": "s",
                **({"range": _range(cell)} if cell.seconds_error else {}),
                "extra": _remark(results, cell),
            }
            for cell in _timed(results)
        ]
    )


def _ends(cell: CellResult) -> tuple[float, float]:
    """Return both ends of a time's interval, in seconds; the time itself where it has none."""
    seconds, error = cell.seconds or 0.0, cell.seconds_error or 0.0
    # The interval is one of logarithms: down as many times as up, so that it stays above 0.
    return seconds / (1 + error / seconds) if error else seconds, seconds + error


def _range(cell: CellResult) -> str:
    low, high = _ends(cell)
    return f"{low:g} to {high:g}"


def to_github_rate(view: SessionView) -> str:
    """Return github-action-benchmark's `customBiggerIsBetter`: pages per second."""
    results = results_of(view)
    return _dump(
        [
            {
                "name": cell.cell,
                "value": cell.per_s,
                "unit": "pages/s" if cell.kind == "crawl" else "1/s",
                "extra": _remark(results, cell),
            }
            for cell in _timed(results)
        ]
    )


def _remark(results: Results, cell: CellResult) -> str:
    lines = [f"{count_of(cell.values, 'value')} in {count_of(results.rounds, 'round')}"]
    if cell.ratio is not None and cell.ratio_low is not None and cell.ratio_high is not None:
        interval = f"{cell.ratio_low:.3f} to {cell.ratio_high:.3f}"
        lines.append(f"{cell.ratio:.3f} ({interval}) of {cell.baseline}: {cell.verdict}")
    return "\n".join([*lines, cell.mark] if cell.mark else lines)


def to_bencher(view: SessionView) -> str:
    """Return the Bencher Metric Format: latency (nanoseconds), throughput, and the ratio."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for cell in _timed(results_of(view)):
        measures = {
            "latency": _bounded(cell.seconds or 0.0, *_ends(cell), NANOSECONDS),
            "throughput": {"value": cell.per_s or 0.0},
        }
        if cell.ratio is not None and cell.ratio_low is not None and cell.ratio_high is not None:
            measures["ratio"] = _bounded(cell.ratio, cell.ratio_low, cell.ratio_high)
        found[cell.cell[:LONGEST_NAME]] = measures
    return _dump(found)


def _bounded(value: float, low: float, high: float, scale: float = 1.0) -> dict[str, float]:
    return {"value": value * scale, "lower_value": low * scale, "upper_value": high * scale}


def to_pytest_benchmark(view: SessionView) -> str:
    """Return pytest-benchmark's JSON; what it calls a round is a value here."""
    session, results = view.session, results_of(view)
    return _dump(
        {
            "machine_info": {
                "node": session.machine.hostname,
                "python_version": session.machine.python.rpartition(" ")[2],
                "python_implementation": session.machine.python.partition(" ")[0],
                "system": results.platform,
                "cpu": {"brand_raw": results.cpu_model, "count": session.machine.cpu_count},
            },
            "commit_info": {},
            "benchmarks": [_pytest_one(session, cell) for cell in _timed(results)],
            "datetime": results.created,
            "version": "5.0.0",
        }
    )


def _pytest_one(session: Session, cell: CellResult) -> dict[str, object]:
    values = session.values(cell.cell)
    return {
        "group": cell.operation or f"{cell.site}/{cell.network}",
        "name": cell.cell,
        "fullname": cell.cell,
        "params": None,
        "param": None,
        "extra_info": {"verdict": cell.verdict, "ratio": cell.ratio},
        "options": {"disable_gc": False, "timer": "perf_counter", "min_rounds": len(values)},
        "stats": {**_pytest_stats(values), "iterations": session.loops.get(cell.cell, 1)},
    }


def _pytest_stats(values: list[float]) -> dict[str, object]:
    """Return pytest-benchmark's statistics for a list of seconds; outliers by Tukey's fences."""
    mean, spread = fmean(values), stdev(values) if len(values) > 1 else 0.0
    q1, q3 = (_pytest_quarter(sorted(values, reverse=is_upper)) for is_upper in (False, True))
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    inside = [value for value in values if low <= value <= high]
    far = sum(not low <= value <= high for value in values)
    lone = sum(abs(value - mean) > spread for value in values)
    return {
        "min": min(values),
        "max": max(values),
        "mean": mean,
        "stddev": spread,
        "rounds": len(values),
        "median": median(values),
        "q1": q1,
        "q3": q3,
        "iqr": q3 - q1,
        "iqr_outliers": far,
        "stddev_outliers": lone,
        "outliers": f"{lone};{far}",
        "ld15iqr": min(inside),
        "hd15iqr": max(inside),
        "ops": 1 / mean,
        "total": sum(values),
        "data": values,
    }


def _pytest_quarter(ordered: list[float]) -> float:
    """Return the quartile next to the first value.

    pytest-benchmark takes Method 2 for even counts, and Method 3 for odd ones: both are this line.
    """
    place, fourths = divmod(max(len(ordered) - 2, 0), 4)
    near, far = ordered[place], ordered[min(place + 1, len(ordered) - 1)]
    return near + (far - near) * fourths / 4


def to_asv(view: SessionView) -> str:
    """Return an asv result file (version 2) with one benchmark whose parameter is the cell.

    asv keeps it as `results/MACHINE/COMMIT-ENVIRONMENT.json`. A session does not know which commit
    is being measured: fill in `commit_hash`.
    """
    session, results = view.session, results_of(view)
    moment = int(datetime.fromisoformat(results.created).timestamp() * 1000)
    columns = _asv_columns(session, _timed(results), moment)
    python = results.python.rpartition(" ")[2]
    return _dump(
        {
            "version": 2,
            "commit_hash": "",
            "env_name": f"existing-py{python}",
            "date": moment,
            "params": {
                "machine": session.machine.hostname,
                "cpu": results.cpu_model,
                "os": results.platform,
                "python": python,
            },
            "python": python,
            "requirements": results.versions,
            "env_vars": {},
            "durations": {},
            "result_columns": list(columns),
            "results": {"crawlbench.time_crawl": list(columns.values())},
        }
    )


def _asv_columns(session: Session, cells: Sequence[CellResult], moment: int) -> dict[str, object]:
    """Return what asv records of a benchmark, by the name of its column."""
    return {
        "result": [cell.seconds for cell in cells],
        "params": [[repr(cell.cell) for cell in cells]],
        "version": "1",
        "started_at": moment,
        "duration": session.seconds,
        # Our intervals hold at another confidence than 99 %, and for rounds, not for values.
        "stats_ci_99_a": [None] * len(cells),
        "stats_ci_99_b": [None] * len(cells),
        "stats_q_25": [_asv_quarter(session, cell, 0) for cell in cells],
        "stats_q_75": [_asv_quarter(session, cell, 2) for cell in cells],
        "stats_number": [session.loops.get(cell.cell, 1) for cell in cells],
        "stats_repeat": [cell.values for cell in cells],
        "samples": [session.values(cell.cell) for cell in cells],
    }


def _asv_quarter(session: Session, cell: CellResult, which: int) -> float:
    values = session.values(cell.cell)
    # Before Python 3.13, `quantiles` does not take a single value.
    return quantiles(values * 2 if len(values) == 1 else values, n=4, method="inclusive")[which]


def _timed(results: Results) -> list[CellResult]:
    """Return the cells that have a time, without the controls."""
    return [cell for cell in results.cells if cell.seconds is not None and cell.role != "control"]


def _dump(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


EXPORTS: dict[str, Export] = {
    "csv": to_csv,
    "json": to_json,
    "github-time": to_github_time,
    "github-rate": to_github_rate,
    "bencher": to_bencher,
    "pytest-benchmark": to_pytest_benchmark,
    "asv": to_asv,
}
"""Exporters, by the name that `crawlbench report --format` takes."""
