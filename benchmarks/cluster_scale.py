"""Simulates clusters from recorded rounds, and measures width, memory and time by machines.

    python -m benchmarks.cluster_scale            the grid, into docs/scale.md and docs/scale.svg
    python -m benchmarks.cluster_scale MACHINES CELLS    one point of it, printed as JSON

A block consists of rounds that were really measured: those of results/reference, each cell's log
ratios less their mean, drawn with replacement. We add a difference for each cell, which is the same
everywhere, and one for each cell and machine, of SPREAD; this is an assumption, because only one
machine was recorded. The blocks go through the manager's own code, which unpacks, writes, reads and
merges them. Peak memory is that of a process which does nothing else.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from benchmarks.usage import read_words

from crawlbench.base.records import Cell, Ending, Plan, Verdict
from crawlbench.base.usage import peak_rss_bytes, rss_bytes
from crawlbench.cluster.blocks import BLOCK_FILE
from crawlbench.cluster.merging import merge
from crawlbench.cluster.records import (
    BlockResult,
    CellEstimate,
    ClusterMachine,
    ClusterSession,
    ControlEstimate,
    Fingerprint,
)
from crawlbench.cluster.sheets import cut
from crawlbench.cluster.store import BlockStore, create_cluster_folder, write_cluster
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.report.markdown import render_table
from crawlbench.report.numbers import format_bytes
from crawlbench.report.table import Column, Table
from crawlbench.stats.index import Index
from crawlbench.stats.pairing import Side, log_ratios

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from crawlbench.base.records import Session
    from crawlbench.report.charts.chart import Rows

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "results" / "reference"
PAGE, PICTURE = ROOT / "docs" / "scale.md", ROOT / "docs" / "scale.svg"
BEGIN, END = "<!-- from a simulation: begin -->", "<!-- from a simulation: end -->"
MACHINES = (1, 10, 100, 1000)
CELLS = (100, 1000, 10_000, 100_000)
MAX_ESTIMATES = 300_000
"""The most estimates (cells times machines for each cell); beyond, a sheet has fewer machines."""
MIN_COPIES = 10
"""The fewest machines of a sheet: with fewer and many cells, intervals would show nothing."""
MACHINE = load_session(REFERENCE).machine
HEIGHT = 200  # pixels of a panel
ROUNDS = 10
SPREAD = 0.01
"""Standard deviation of a cell's true log ratio from machine to machine."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the grid."""

    machines: int
    cells: int
    copies: int  # machines that measure each cell
    blocks: int
    width: float  # median half-width of the cells' intervals, as a log ratio
    clear: float  # share of the cells that are not unclear
    keep_s: float  # to unpack and write all blocks
    merge_s: float  # to read and merge them, and to write `cluster.json`
    base_bytes: int  # of memory, before: Python, its modules and the plan
    peak_bytes: int
    block_bytes: int  # on the wire, without sessions: estimates alone


def main() -> None:
    """Measure the grid, or one point of it."""
    place = read_words(__doc__, "place").place
    if len(place) == 2:
        print(json.dumps(msgspec.to_builtins(measure(*map(int, place)))))
    elif len(place) == 3:  # a process that does nothing else
        print(json.dumps(manage(Path(place[0]), int(place[1]), int(place[2]))))
    else:
        write([measure(machines, cells) for cells in CELLS for machines in MACHINES])


def measure(machines: int, cells: int) -> Point:
    """Make a cluster's blocks, and let a new process take them in as a manager."""
    copies = min(machines, max(MIN_COPIES, MAX_ESTIMATES // cells))
    with TemporaryDirectory(prefix="crawlbench-") as folder:
        sizes = make_blocks(Path(folder), machines, cells, copies)
        call = [sys.executable, "-m", "benchmarks.cluster_scale", folder, str(cells), str(copies)]
        done = subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    found = json.loads(done.stdout)
    size = sum(sizes) // len(sizes)
    point = Point(machines, cells, copies, len(sizes), block_bytes=size, **found)
    print(point, file=sys.stderr)
    return point


def make_plan(cells: int) -> Plan:
    """Return a plan of one group with this number of cells, and the reference's sizes."""
    plan = load_session(REFERENCE).plan
    base = replace(plan.cells[0], strategy="base", control=False)
    others = tuple(replace(base, strategy=f"s{number}") for number in range(cells))
    return replace(
        plan,
        cells=(base, *others, replace(base, control=True)),
        baselines={base.group: base.name},
    )


def make_blocks(folder: Path, machines: int, cells: int, copies: int) -> list[int]:
    """Write the packed blocks of all sheets into a folder; return their sizes."""
    draw = np.random.default_rng(1)
    noise, sheets = residuals(load_session(REFERENCE)), cut(make_plan(cells))
    sizes = []
    for number, sheet in enumerate(sheets, 1):
        names = [cell.name for cell in sheet.cells[1:-1]]
        truth = draw.normal(0, 0.1, len(names))
        for machine in draw.choice(machines, copies, replace=False):
            block = make_block(number, int(machine), sheet.cells[0], names, truth, noise, draw)
            files = {SESSION_FILE: b"{}", BLOCK_FILE: msgspec.json.encode(block)}
            packed = {name: zlib.compress(content) for name, content in files.items()}
            content = msgspec.msgpack.encode(packed)
            sizes.append(len(content))
            (folder / f"{number}-{block.machine.name}.block").write_bytes(content)
    return sizes


def _alone(name: str) -> Side:
    return Side(name, (name,))


def residuals(session: Session) -> NDArray[np.float64]:
    """Return the recorded log ratios less their means, shape (cells, rounds)."""
    baselines = session.plan.baselines
    index = Index(session.rounds)
    rows = [
        log_ratios(index, _alone(cell.name), _alone(baselines[cell.group]))
        for cell in session.plan.cells
        if cell.name not in baselines.values() and not session.failure(cell.name)
    ]
    values = np.array(rows)
    count = values.shape[1]
    # The mean of a few rounds follows these rounds, so residuals are too small by this factor.
    left: NDArray[np.float64] = values - values.mean(axis=1, keepdims=True)
    return left * math.sqrt(count / (count - 1))


def make_block(
    sheet: int,
    number: int,
    baseline: Cell,
    names: list[str],
    truth: NDArray[np.float64],
    noise: NDArray[np.float64],
    draw: np.random.Generator,
) -> BlockResult:
    """Return one machine's results for a sheet."""
    count = len(names) + 1  # the control comes last
    places = draw.integers(0, noise.shape[0], count)
    rounds = noise[places[:, None], draw.integers(0, noise.shape[1], (count, ROUNDS))]
    rounds[:-1] += (truth + draw.normal(0, SPREAD, len(names)))[:, None]
    means, errors = rounds.mean(axis=1), rounds.std(axis=1, ddof=1) / math.sqrt(ROUNDS)
    cells = tuple(
        CellEstimate(
            name,
            ROUNDS,
            float(mean),
            float(error),
            Verdict.UNCLEAR,
            # As if there were no slow laps: the record has typical times only.
            of_means=float(mean),
            of_means_error=float(error),
        )
        for name, mean, error in zip(names, means, errors, strict=False)
    )
    margin = max(0.01, abs(means[-1]) + 2.262 * errors[-1])
    control = ControlEstimate(
        baseline.group, ROUNDS, float(means[-1]), float(errors[-1]), float(margin)
    )
    machine = ClusterMachine(f"m{number}", fingerprint(number))
    return BlockResult(sheet, machine, cells, (control,), ROUNDS, 60.0, Ending.ROUNDS)


def fingerprint(number: int) -> Fingerprint:
    """Return a machine of one of two kinds."""
    model = "Kind A" if number % 4 else "Kind B"
    return Fingerprint(
        replace(MACHINE, hostname=f"m{number}", cpu_model=model), "x86_64", "0", "0", {}, ""
    )


def manage(folder: Path, cells: int, copies: int) -> dict[str, float]:
    """Take in all blocks as the manager does, and return the time and memory that this takes."""
    plan = make_plan(cells)
    sheets = cut(plan)
    session = ClusterSession(plan, len(sheets[0].cells), copies, "2026-01-01", "0")
    out = folder / "out"
    create_cluster_folder(out, session)
    store, base = BlockStore(out, len(sheets)), rss_bytes() or 0
    begun = time.perf_counter()
    for path in sorted(folder.glob("*.block")):
        sheet, _, machine = path.stem.partition("-")
        store.keep(int(sheet), machine, path.read_bytes())
    kept = time.perf_counter()
    merged = merge(sheets, store.read)
    write_cluster(out, replace(session, comparisons=merged.comparisons, noise=merged.noise))
    ended = time.perf_counter()
    found = [one for one in merged.comparisons if one.low is not None and one.high is not None]
    widths = [(one.high - one.low) / 2 for one in found]  # type: ignore[operator]
    return {
        "width": float(np.median(widths)),
        "clear": sum(one.verdict is not Verdict.UNCLEAR for one in found) / len(found),
        "keep_s": kept - begun,
        "merge_s": ended - kept,
        "base_bytes": base,
        "peak_bytes": peak_rss_bytes() or 0,
    }


def write(points: list[Point]) -> None:
    """Write the table and the picture between the marks of the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    made = f"{BEGIN}\n\n{render_table(make_table(points))}\n\n{END}"
    PAGE.write_text(before + made + after, encoding="utf-8", newline="\n")
    PICTURE.write_text(draw(points), encoding="utf-8", newline="\n")


def make_table(points: list[Point]) -> Table:
    """Return the grid as rows."""
    headers = (
        *("cells", "machines", "each cell on", "blocks", "half-width", "clear"),
        *("peak memory", "of it at the start", "taking in", "merging", "a block"),
    )
    rows = tuple(
        (
            *(f"{point.cells:,}", f"{point.machines:,}", f"{point.copies:,}", f"{point.blocks:,}"),
            f"{math.expm1(point.width) * 100:.2f} %",
            f"{point.clear * 100:.0f} %",
            format_bytes(point.peak_bytes),
            format_bytes(point.base_bytes),
            f"{point.keep_s:.1f} s",
            f"{point.merge_s:.1f} s",
            format_bytes(point.block_bytes),
        )
        for point in points
    )
    columns = tuple(Column(header, is_number=True) for header in headers)
    return Table("A manager's work, by cells and machines", columns, rows)


PANELS: dict[str, tuple[str, Callable[[Point], float]]] = {
    "width": ("half-width of the interval, %", lambda one: math.expm1(one.width) * 100),
    "memory": ("manager's peak memory, MiB", lambda one: one.peak_bytes / 2**20),
    "time": ("taking in and merging, s", lambda one: one.keep_s + one.merge_s),
}


def draw(points: list[Point]) -> str:
    """Return a chart of width, memory and time by machines, a line for each number of cells.

    Modules for drawing are imported here, so that they do not count in a manager's memory.
    """
    import altair as alt  # noqa: PLC0415

    from crawlbench.report.charts.style import finish, layer, place, series_scales  # noqa: PLC0415
    from crawlbench.report.picture import draw_alone  # noqa: PLC0415
    from crawlbench.report.theme import adapt_svg  # noqa: PLC0415

    views, data = [], {}
    cells = [f"{count:,} cells" for count in CELLS]
    for name, (title, value) in PANELS.items():
        rows: Rows = [
            {"cells": f"{p.cells:,} cells", "machines": p.machines, "value": round(value(p), 4)}
            for p in points
        ]
        data[name] = rows
        hues, dashes = series_scales(cells)
        axis = alt.Axis(title="machines", values=list(MACHINES), format=",")
        base = alt.Chart(place(name)).encode(
            x=alt.X("machines:Q", scale=alt.Scale(type="log"), axis=axis),
            y=alt.Y("value:Q", scale=alt.Scale(type="log"), axis=alt.Axis(title="", format="~g")),
            color=alt.Color("cells:N", scale=hues),
        )
        lines = base.mark_line(strokeWidth=1.6, aria=False).encode(
            strokeDash=alt.StrokeDash("cells:N", scale=dashes)
        )
        dots = base.mark_point(filled=True, opacity=1, aria=False)
        views.append((title, finish(layer(lines, dots), height=HEIGHT)))
    return adapt_svg(draw_alone(views, data)) + "\n"


if __name__ == "__main__":
    main()
