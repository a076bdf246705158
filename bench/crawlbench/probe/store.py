"""Keeps a probe's report in a session's folder (floor 3); `probe --json` prints the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.errors import SessionFileError
from crawlbench.base.storage import storing, write_text
from crawlbench.probe.findings import Report

if TYPE_CHECKING:
    from pathlib import Path

PROBE_FILE = "probe.json"


def encode_report(report: Report) -> str:
    """Return the report as a JSON object, indented by one blank."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1).decode() + "\n"


def write_report(report: Report, file: Path) -> None:
    """Write a report to a file, all of it or nothing.

    Raises:
        StorageError: it cannot be written.
    """
    with storing(file):
        write_text(file, encode_report(report))


def load_report(folder: Path) -> Report | None:
    """Return the report of a folder; None if it has none.

    Raises:
        SessionFileError: it cannot be read, or is not a probe's report.
    """
    try:
        report = msgspec.json.decode((folder / PROBE_FILE).read_bytes(), type=Report)
        _check(report)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise SessionFileError(f"{PROBE_FILE} cannot be read: {error}") from error
    return report


def _check(report: Report) -> None:
    """Raise ValueError if loops have different probes although the report is complete."""
    if report.missing:
        return
    asked: dict[str, list[str]] = {loop.name: [] for loop in report.loops if not loop.absent}
    for finding in report.findings:
        if finding.loop in asked:
            asked[finding.loop].append(finding.probe)
    # The tables take the probes of all loops together: a loop that lacks some would show as not
    # tried.
    first = next(iter(asked.values()), [])
    odd = [loop for loop, probes in asked.items() if probes != first]
    if odd:
        raise ValueError(f"the probes of {odd[0]!r} differ from those of {next(iter(asked))!r}")
