"""`crawlbench report`: shows a kept session in any of its formats (floor 5)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawlbench.base.errors import BenchError, SessionFileError, UsageError
from crawlbench.base.records import Stopping
from crawlbench.base.storage import write_bytes
from crawlbench.cli import options
from crawlbench.cli.consoles import PlainConsole, result_console
from crawlbench.cli.details import choose_detail
from crawlbench.cli.effects import refuse_idle
from crawlbench.cli.output import write_output
from crawlbench.cli.places import refuse_existing
from crawlbench.cli.support import probed_section
from crawlbench.cluster.flow import read_cluster
from crawlbench.cluster.report import ClusterReport
from crawlbench.cluster.store import CLUSTER_FILE
from crawlbench.measure.owner import own
from crawlbench.measure.store import SESSION_FILE, SUITE_FILE, load_session
from crawlbench.reference.bundle import ENDING as BUNDLE_ENDING
from crawlbench.reference.command import due_command
from crawlbench.reference.matrix import load_measured
from crawlbench.report.extra import can_draw
from crawlbench.report.formats import EXPORTS
from crawlbench.report.pyperf_suite import load_plain_suite
from crawlbench.report.rendering import SessionReport, Shown, SuiteReport
from crawlbench.report.terminal import Detail
from crawlbench.stats.judge import judge

if TYPE_CHECKING:
    from crawlbench.base.records import Session

RESULTS = Path("results")
PAGE_FILE = "report.html"
FILE_WIDTH = 120  # width of a report that is written to a file


class Format(StrEnum):
    """How a session can be shown."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    SVG = "svg"
    PNG = "png"
    CARD = "card"
    CSV = "csv"
    JSON = "json"
    GITHUB_TIME = "github-time"
    GITHUB_RATE = "github-rate"
    BENCHER = "bencher"
    PYTEST_BENCHMARK = "pytest-benchmark"
    ASV = "asv"


def report(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A session's folder, bundle or pyperf file; by default the newest in results/."
        ),
    ] = None,
    output_format: Annotated[
        Format, options.result("--format", help="Format to show it in.")
    ] = Format.TERMINAL,
    output: Annotated[
        Path | None, options.result("-o", "--output", help="File to write to; - prints.")
    ] = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    stopping: Annotated[
        Stopping | None,
        typer.Option(
            "--stopping",
            help="Judge as if the number of rounds had been fixed, or as if the session "
            "had been watched.",
        ),
    ] = None,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> None:
    """Show a session again: in the terminal, as a page, as a picture or as data.

    Example: crawlbench report results/mine --format html -o mine.html
    """
    output_format = choose_format(output_format, as_json=as_json)
    detail = choose_detail(verbose=verbose, quiet=quiet)
    if output_format is not Format.TERMINAL:
        why = f"a report as {output_format} always holds the same"
        refuse_idle(context, why, "verbose", "quiet")
    if output is not None:
        refuse_existing(output, force=force)
    shown = _load(folder or newest_session(), stopping)
    if output is None:
        _print(shown, output_format, detail)
    else:  # in a file nobody misses what would scroll away
        detail = Detail.VERBOSE if detail is Detail.USUAL else detail
        _write(shown, output_format, output, detail)


def choose_format(output_format: Format, *, as_json: bool) -> Format:
    """Return the format that two options agree on.

    Raises:
        UsageError: they name different formats.
    """
    if as_json and output_format not in (Format.TERMINAL, Format.JSON):
        raise UsageError(f"--json and --format {output_format} cannot be given together")
    return Format.JSON if as_json else output_format


def write_page(session: Session, folder: Path) -> str:
    """Write `report.html` into a session's folder if it can be drawn here.

    A session is never lost because of its page: what goes wrong is returned as a sentence, which is
    empty if nothing does.
    """
    if not can_draw():
        return ""
    try:
        write_bytes(folder / PAGE_FILE, _session_report(session, folder).html().encode())
    except (BenchError, OSError) as error:
        return f"{PAGE_FILE} was not written: {getattr(error, 'strerror', None) or error}"
    except Exception as error:  # whatever an engine that draws may raise
        return f"{PAGE_FILE} was not written: {type(error).__name__}: {error}"
    return ""


def newest_session() -> Path:
    """Return the newest session in `results/`.

    Raises:
        SessionFileError: there is none.
    """
    # Their names begin with the time at which they began.
    found = sorted(path.parent for path in RESULTS.glob(f"*Z-*/{SESSION_FILE}"))
    if not found:
        raise SessionFileError(
            f"no session in {str(RESULTS)!r}; name a session's folder, or make one: crawlbench run"
        )
    return found[-1]


def _load(path: Path, stopping: Stopping | None) -> Shown:
    """Return a report on a session's folder or bundle, or on a pyperf suite or a folder of one."""
    if path.name.endswith(BUNDLE_ENDING):
        measured = load_measured(path)
        session = _judge_by(measured.session, stopping)
        # A folder beside it, even one of its name, is no part of it.
        support = probed_section(session, None)
        return SessionReport(session, path, support, bundled=due_command(measured.session))
    other = _load_other(path)
    if other is None:
        return _session_report(_judge_by(load_session(path), stopping), path)
    if stopping is not None:
        raise UsageError(
            f"--stopping {stopping} is for a session of one machine, which can be judged again; "
            f"{str(path)!r} is not one"
        )
    return other


def _load_other(path: Path) -> Shown | None:
    """Return a report on a pyperf suite or a session on a cluster; None if it is neither."""
    # A session may be named by its `session.json`; any other file is a suite of pyperf.
    if path.is_file() and path.name != SESSION_FILE:
        return SuiteReport(load_plain_suite(path), path.name)
    if (path / CLUSTER_FILE).is_file():
        return ClusterReport(read_cluster(path))
    if not (path / SESSION_FILE).exists() and (path / SUITE_FILE).is_file():
        return SuiteReport(load_plain_suite(path / SUITE_FILE), SUITE_FILE)
    return None


def _judge_by(session: Session, stopping: Stopping | None) -> Session:
    if stopping is None:
        return session
    return judge(replace(session, plan=replace(session.plan, stopping=stopping)))


def _session_report(session: Session, folder: Path) -> SessionReport:
    return SessionReport(session, folder, probed_section(session, folder))


def _print(shown: Shown, output_format: Format, detail: Detail) -> None:
    if output_format is Format.TERMINAL:
        console = result_console()
        is_ascii = console.options.ascii_only
        console.print(shown.terminal(console.width, is_ascii=is_ascii, detail=detail))
    elif output_format in _PICTURES:
        raise UsageError(f"a {_KINDS[output_format]} cannot be printed; name a file with -o")
    else:
        sys.stdout.write(_text(shown, output_format, detail))


def _write(shown: Shown, output_format: Format, path: Path, detail: Detail) -> None:
    make = _PICTURES.get(output_format)
    content = make(shown) if make else _text(shown, output_format, detail).encode()
    # In the folder of a session nothing is written while another process measures there.
    with own(path.parent) if (path.parent / SESSION_FILE).is_file() else nullcontext():
        write_output(path, content)


def _draw_card(shown: Shown) -> bytes:
    if isinstance(shown, SessionReport):
        return shown.card()
    raise UsageError("a card shows one session; give a folder that `crawlbench run` has made")


_PICTURES: dict[Format, Callable[[Shown], bytes]] = {
    Format.PNG: lambda shown: shown.png(),
    Format.CARD: _draw_card,
}
"""Formats that are not text."""
_KINDS = {Format.PNG: "PNG", Format.CARD: "card"}


def _text(shown: Shown, output_format: Format, detail: Detail) -> str:
    if output_format in EXPORTS:
        if not isinstance(shown, SessionReport):
            raise UsageError(_explain_no_export(shown, output_format))
        return EXPORTS[output_format](shown.view)
    renderers: dict[Format, Callable[[], str]] = {
        Format.TERMINAL: lambda: _terminal_text(shown, detail),
        Format.MARKDOWN: shown.markdown,
        Format.HTML: shown.html,
        Format.SVG: shown.svg,
    }
    return renderers[output_format]()


def _explain_no_export(shown: Shown, output_format: Format) -> str:
    if isinstance(shown, ClusterReport):
        return (
            f"there is no {output_format} of all machines together, but there is one of each: "
            "name its folder, machines/NAME"
        )
    return (
        f"a plain pyperf suite has no cells, so there is no {output_format} of it; "
        "give a folder that `crawlbench run` has made"
    )


def _terminal_text(shown: Shown, detail: Detail) -> str:
    console = PlainConsole(width=FILE_WIDTH, color_system=None)
    with console.capture() as capture:
        console.print(shown.terminal(FILE_WIDTH, is_ascii=False, detail=detail))
    return capture.get()
