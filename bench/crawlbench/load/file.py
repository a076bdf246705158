"""A load report as `load.json` (floor 4)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from crawlbench import __version__
from crawlbench.base.whole import storing, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.load.flow import Done, LoadReport

FORMAT = 1
"""Format of `load.json`; docs/load.md describes its fields."""


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


_HISTOGRAMS = ("latency", "service", "lag")
"""Fields of a part that are too long to report per generator; the outcome has the sum."""


def write_load(report: LoadReport, folder: Path) -> None:
    """Write `load.json` into an existing folder, whole or not at all.

    Raises:
        StorageError: the disk refuses.
    """
    with storing(folder / "load.json"):
        write_text(folder / "load.json", encode_load(report))
