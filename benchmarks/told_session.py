"""What a session of crawlbench tells, by its command and its published JSON alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.plain_loops import CONCURRENCY


@dataclass(frozen=True, slots=True)
class Subject:
    """What a session measures."""

    clients: tuple[str, ...]
    """The first is the baseline."""
    site: str
    long_form: str
    """A longer site; or one in between and the longer one, with a comma."""
    network: str
    laps: int = 2
    """Turns in a round: with fewer, there are more rounds."""


def measure_session(name: str, subject: Subject, seconds: float) -> list[dict[str, Any]]:
    """Return the cells of a session, as its JSON has them.

    Args:
        name: of the suite.
        subject: what is measured.
        seconds: that the session may take.
    """
    with tempfile.TemporaryDirectory() as room:
        folder, suite = Path(room) / "session", Path(room) / f"{name}.toml"
        suite.write_text(
            f"strategies = {json.dumps(subject.clients)}\n"
            f"baseline = {json.dumps(subject.clients[0])}\n"
            f'sites = ["{subject.site}"]\nnetworks = ["{subject.network}"]\n'
            f'parsers = ["none"]\nconcurrency = [{CONCURRENCY}]\n'
            f"rounds = 100\nlaps = {subject.laps}\nlap_time_s = 1.5\nbudget_s = {seconds}\n"
            f'stopping = "fixed"\n[long_forms]\n"{subject.site}/*" = "{subject.long_form}"\n'
        )
        _crawlbench("run", str(suite), "-o", str(folder), "--no-page")
        cells: list[dict[str, Any]] = json.loads(
            _crawlbench("report", str(folder), "--format", "json")
        )["cells"]
    return cells


def _crawlbench(*arguments: str) -> str:
    """Return what a command prints; show what it complains of."""
    command = [sys.executable, "-m", "crawlbench", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
