"""Shows what the midmean of a round's laps gains over their mean, on measured rounds.

    python -m benchmarks.midmean [SESSION ...]

Judges the same rounds of each session (results/reference) in both ways, and prints the standard
error of each cell's log ratio to its baseline, in percent: by means, by midmeans, and the quotient.
"""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from benchmarks.usage import read_words
from rich.console import Console
from rich.table import Table

from crawlbench.measure.store import load_session
from crawlbench.stats.index import Index
from crawlbench.stats.interval import estimate_mean
from crawlbench.stats.pairing import Side, log_ratios, log_ratios_of_means

REFERENCE = Path(__file__).resolve().parent.parent / "results" / "reference"


def main() -> None:
    """Print a table for each session."""
    for name in read_words(__doc__, "session").session or [str(REFERENCE)]:
        print_session(Path(name))


def print_session(folder: Path) -> None:
    """Judge one session in both ways, and print a table."""
    session = load_session(folder)
    index = Index(session.rounds)
    table = Table("cell", "rounds", "laps", "mean", "midmean", "of it", title=folder.name)
    for cell in session.plan.cells:
        baseline = session.plan.baselines[cell.group]
        sides = Side(cell.name, (cell.name,)), Side(baseline, (baseline,))
        midmeans = log_ratios(index, *sides)
        if cell.name == baseline or len(midmeans) < 2:
            continue
        means = log_ratios_of_means(index, *sides)
        plain, middle = (estimate_mean(values) for values in (means, midmeans))
        assert plain
        assert middle
        laps = fmean(
            sum(s.cell == cell.name and not s.warmup for s in record.samples)
            for record in session.rounds
        )
        errors = f"{plain.error * 100:.2f} %", f"{middle.error * 100:.2f} %"
        ratio = f"{middle.error / plain.error:.2f}"
        table.add_row(cell.name, str(len(midmeans)), f"{laps:.0f}", *errors, ratio)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
