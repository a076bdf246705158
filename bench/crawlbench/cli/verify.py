"""`crawlbench mirror verify`: crawls a user's own site and notes what is right (floor 5)."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from crawlbench.archive.surveyor import Surveyed, survey_site
from crawlbench.base.errors import UsageError
from crawlbench.base.text import count_of
from crawlbench.cli.consoles import result_console
from crawlbench.cli.options import AsJson
from crawlbench.cli.output import print_json
from crawlbench.sites.expected import expected_path, load_expected, write_expected

if TYPE_CHECKING:
    from crawlbench.sites.expected import ExpectedFile

SHOWN_ITEMS = 5


def verify(
    site: Annotated[str, typer.Argument(help="Site file, such as ./site.toml.")],
    as_json: AsJson = False,
) -> None:
    """Crawl a site of your own, show what was found and write down what a crawl must return.

    Example: crawlbench mirror verify ./site.toml
    """
    if not site.endswith(".toml"):
        raise UsageError(f"{site!r} is not a site file; one ends in .toml")
    surveyed = asyncio.run(survey_site(site))
    findings = surveyed.findings
    path = expected_path(Path(site))
    if as_json:
        print_json(_tell(path, surveyed))
    else:
        _show(surveyed)
    if findings.faults:
        raise UsageError(f"nothing was written: {findings.faults[0]}")
    # While the old file is still there.
    change = _describe_change(path, findings.expected)
    write_expected(path, findings.expected)
    if not as_json:
        site = shlex.quote(site)
        sys.stdout.write(f"{change}wrote {path}; now: crawlbench run quick --site {site}\n")


def _tell(path: Path, surveyed: Surveyed) -> dict[str, object]:
    """Return what was found, for scripts, and the file that has it unless something is wrong."""
    findings, expected = surveyed.findings, surveyed.findings.expected
    return {
        "file": None if findings.faults else str(path),
        "items": expected.items,
        "pages": expected.pages,
        "digest": expected.digest,
        "faults": findings.faults,
        "notes": findings.notes,
    }


def _show(surveyed: Surveyed) -> None:
    findings, expected = surveyed.findings, surveyed.findings.expected
    sys.stdout.write(f"{surveyed.title}: {_say_size(expected)}, starting at {surveyed.path}\n")
    if expected.rows:
        result_console().print(_make_table(expected))
    for label, sentences in (("wrong", findings.faults), ("note", findings.notes)):
        for sentence in sentences:
            sys.stdout.write(f"{label}: {' '.join(sentence.split())}\n")


def _make_table(expected: ExpectedFile) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
    for name, value in zip(expected.fields, expected.rows[0], strict=True):
        justify = "left" if isinstance(value, str) else "right"
        table.add_column(name, justify=justify, overflow="ellipsis", no_wrap=True)  # type: ignore[arg-type]
    for row in expected.rows[:SHOWN_ITEMS]:
        table.add_row(*(Text(str(value)) for value in row))
    if len(expected.rows) > SHOWN_ITEMS:
        table.add_row("...", *("" for _ in expected.fields[1:]))
    return table


def _describe_change(path: Path, now: ExpectedFile) -> str:
    """Return how a new expectation relates to the old one, as the beginning of a sentence."""
    try:
        before = load_expected(path)
    except UsageError:
        before = None
    if before is None:
        return ""
    if (before.digest, before.pages) == (now.digest, now.pages):
        return "as it was verified before; "
    return f"not as before ({_say_size(before)}); "


def _say_size(expected: ExpectedFile) -> str:
    return f"{count_of(expected.items, 'item')} on {count_of(expected.pages, 'page')}"
