"""Measures a session of crawlbench by its command, and reads its published JSON only."""

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
    """The subject of a session."""

    clients: tuple[str, ...]
    """The strategies; the first is the baseline."""
    site: str
    long_form: str
    """The longer site, or an intermediate and the longer one, separated by a comma."""
    network: str
    laps: int = 2
    """Laps in a round; with fewer laps there are more rounds."""


def measure_session(name: str, subject: Subject, seconds: float) -> list[dict[str, Any]]:
    """Measure a session, and return its cells as its JSON has them.

    Args:
        name: the suite's name.
        subject: what is measured.
        seconds: how long the session may take.
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
    """Return a command's output; show its messages to standard error."""
    command = [sys.executable, "-m", "crawlbench", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
