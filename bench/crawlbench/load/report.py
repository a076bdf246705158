"""A load report: as `load.json`, and for people as tables, notes and a picture (floor 4)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from crawlbench import __version__
from crawlbench.base.storage import storing, write_text
from crawlbench.load.latency import merge, quantile
from crawlbench.report.numbers import format_bytes, format_count, format_seconds
from crawlbench.report.table import Column, Table

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.load.flow import Done, LoadReport
    from crawlbench.load.search import Found
    from crawlbench.report.charts.chart import Rows
    from crawlbench.report.notes import Note

FORMAT = 1
"""Format of `load.json`; docs/load.md describes its fields."""
_HISTOGRAMS = ("latency", "service", "lag")
"""Fields of a part that are too long to report per generator; the outcome has the sum."""
ROWS = ("p50", "p90", "p99", "p99.9", "max")
MAX_NINES = 5
PLACES_PER_DECADE = 12


def encode_load(report: LoadReport) -> str:
    """Return a report in the form of `load.json`."""
    whole: dict[str, object] = {
        "format": FORMAT,
        "crawlbench": __version__,
        "target": {
            "address": report.target.origin + report.target.path,
            "site": None if report.options.url else report.options.site,
            "network": None if report.options.url else report.options.network,
        },
        "runs": [_tell_run(done) for done in report.runs],
        "stopped": report.stopped,
        "find": report.found and {**asdict(report.found), "goal": report.found.goal.text},
    }
    return json.dumps(whole, indent=2) + "\n"


def _tell_run(done: Done) -> dict[str, object]:
    run = done.run
    return {
        "load": asdict(run.load),
        **asdict(done.outcome),
        "server_cpu_share": run.server_cpu_share,
        "server_requests": run.server_requests,
        "lost": [asdict(lost) for lost in run.lost],
        "generators": [
            {key: value for key, value in asdict(part).items() if key not in _HISTOGRAMS}
            for part in run.parts
        ],
    }


def write_load(report: LoadReport, folder: Path) -> None:
    """Write `load.json` into an existing folder, whole or not at all.

    Raises:
        StorageError: the disk refuses.
    """
    with storing(folder / "load.json"):
        write_text(folder / "load.json", encode_load(report))


def load_table(report: LoadReport) -> Table:
    """Return a column per run, so that closed and open arrival stand side by side."""
    columns = [Column(""), *(Column(_name(done), is_number=True) for done in report.runs)]
    names = ("asked for", "achieved", "connections", *ROWS, "failed", "received")
    facts = [_column(done) for done in report.runs]
    rows = tuple((name, *(column[place] for column in facts)) for place, name in enumerate(names))
    return Table(f"load on {report.where}", tuple(columns), rows)


def _name(done: Done) -> str:
    load = done.run.load
    return str(load.arrival) if not load.is_open else f"open, {load.arrival}"


def _column(done: Done) -> tuple[str, ...]:
    load, outcome = done.run.load, done.outcome
    asked = f"{load.rate_per_s:g}/s" if load.rate_per_s else "-"
    latencies = [_format_latency(outcome.latency_s[name], outcome.due) for name in ROWS]
    failed = sum(outcome.failed.values())
    return (
        asked,
        f"{format_count(outcome.achieved_per_s)}/s",
        str(load.connections),
        *latencies,
        f"{failed} of {outcome.due}",
        format_bytes(outcome.received_bytes),
    )


def _format_latency(seconds: float | None, due: int) -> str:
    if seconds is None:
        return "failed" if due else "-"
    return format_seconds(seconds)


def search_table(found: Found) -> Table:
    """Return the rates that were tried, in order."""
    columns = (
        Column("rate", is_number=True),
        Column(found.goal.percentile, is_number=True),
        Column("holds"),
        Column("why not"),
    )
    rows = tuple(
        (
            f"{step.rate_per_s:g}/s",
            _format_latency(step.latency_s, 1),
            ("yes" if step.held else "no") + (" (again)" if step.is_confirmation else ""),
            step.why,
        )
        for step in found.steps
    )
    return Table(f"highest rate with {found.goal.text}", columns, rows)


def load_notes(report: LoadReport) -> list[Note]:
    """Return the notes below the tables."""
    notes: list[Note] = []
    for done in report.runs:
        notes += _of_run(_name(done), done)
    if report.found:
        notes.append(("found", _tell_found(report.found)))
    if report.stopped:
        notes.append(("warning", f"not everything that was asked for was done: {report.stopped}"))
    return notes


def _of_run(name: str, done: Done) -> list[Note]:
    outcome = done.outcome
    notes = _of_losses(name, done)
    if outcome.kept is False:
        text = f"{name}: could not keep the rate: {'; '.join(outcome.reasons)}"
        notes.append(("warning", text))
    elif outcome.generator_limit:
        notes.append(("warning", f"{name}: {outcome.generator_limit}"))
    if outcome.failed:
        kinds = ", ".join(f"{kind} {count}" for kind, count in outcome.failed.items())
        notes.append(("failed", f"{name}: {kinds}"))
    if outcome.refused:
        notes.append(("failed", f"{name}: {outcome.refused} new connections failed"))
    if done.run.parts:
        notes.append(("generators", f"{name}: {_tell_generators(done)}"))
    return notes


def _of_losses(name: str, done: Done) -> list[Note]:
    """Return notes on lost generators, and on requests that nobody accounts for."""
    outcome, run = done.outcome, done.run
    notes: list[Note] = []
    for lost in run.lost:
        part = "" if lost.part_of_rate_per_s is None else f" {lost.part_of_rate_per_s:g} per s,"
        text = (
            f"{name}: generator {lost.number} ({lost.place}) was lost, {lost.reason};{part} what "
        )
        notes.append(("warning", f"{text}it did is not in these figures"))
    if run.lost and outcome.missing is not None:
        text = f"{name}: the mirror saw {outcome.missing} requests that no generator reported"
        notes.append(("warning", text))
    elif outcome.missing:
        text = f"{name}: the mirror saw {run.server_requests} requests, {outcome.sent} were sent"
        notes.append(("warning", text))
    return notes


def _tell_generators(done: Done) -> str:
    parts, outcome = done.run.parts, done.outcome
    told = [f"{len(parts)} of them, CPU {max(part.cpu_share for part in parts):.0%} at most"]
    if (lag_s := outcome.sender_lag_s.get("p99")) is not None:
        told.append(f"sender late by {format_seconds(lag_s)} (p99)")
    told.append(f"one answer alone took {format_seconds(outcome.unloaded_s)}")
    if done.run.server_cpu_share is not None:
        told.append(f"mirror's CPU {done.run.server_cpu_share:.0%}")
    return "; ".join(told)


def _tell_found(found: Found) -> str:
    if found.rate_per_s is None:
        return f"no rate was confirmed to hold {found.goal.text}"
    above = (
        f"{found.failed_per_s:g} failed"
        if found.failed_per_s
        else "nothing above it was tried, since it is the limit"
    )
    return f"{found.rate_per_s:g} per s holds {found.goal.text}, twice; {above}"


def load_picture(report: LoadReport) -> str | None:
    """Return latency by percentile as SVG, nines evenly spaced; None if nothing was answered."""
    rows = [row for done in report.runs for row in _curve(done)]
    if not rows:
        return None
    # Altair takes a quarter of a second to import, and belongs to an extra.
    import altair as alt  # noqa: PLC0415

    from crawlbench.report.charts.style import finish, layer, place, series_scales  # noqa: PLC0415
    from crawlbench.report.picture import draw_alone  # noqa: PLC0415
    from crawlbench.report.theme import adapt_svg  # noqa: PLC0415

    names = list(dict.fromkeys(row["series"] for row in rows))
    hues, dashes = series_scales(names)
    label = "datum.value == 1 ? '0' : format(100 - 100 / datum.value, '.10~g') + ' %'"
    ticks = [10**nines for nines in range(MAX_NINES + 1)]
    axis = alt.Axis(title="of the requests", values=ticks, labelExpr=label)
    x = alt.X("odds", type="quantitative", scale=alt.Scale(type="log", nice=False), axis=axis)
    y_axis = alt.Axis(title="latency, ms", tickCount=6)
    y = alt.Y("ms", type="quantitative", scale=alt.Scale(type="log"), axis=y_axis)
    base = alt.Chart(place("latency")).encode(
        x=x, y=y, color=alt.Color("series", type="nominal", scale=hues)
    )
    dash = alt.StrokeDash("series", type="nominal", scale=dashes)
    drawn = layer(
        base.mark_line(strokeWidth=1.6, interpolate="step-before").encode(strokeDash=dash),
        base.mark_point(filled=True, opacity=1, size=6),
    )
    spec = finish(drawn, height=320)
    return adapt_svg(draw_alone([(f"load on {report.where}", spec)], {"latency": rows})) + "\n"


def _curve(done: Done) -> Rows:
    """Return latencies at fractions 1 - 1 / odds, up to the last that so many requests can show."""
    histogram, failed = merge([done.outcome.histogram]), sum(done.outcome.failed.values())
    most = min(float(done.outcome.due), 10.0**MAX_NINES)
    odds = [10 ** (step / PLACES_PER_DECADE) for step in range(PLACES_PER_DECADE * MAX_NINES + 1)]
    rows: Rows = []
    for one in odds:
        seconds = quantile(histogram, 1 - 1 / one, failed) if one <= most else None
        if seconds is not None:
            rows.append({"series": _name(done), "odds": one, "ms": seconds * 1000})
    return rows
