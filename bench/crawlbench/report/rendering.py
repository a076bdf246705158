"""What a folder or file holds, in each format (floor 3): a session, or a plain pyperf suite.

The packages that draw are an extra, so they are imported only where they are used, after a check
that they are installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.console import Group

from crawlbench.base.errors import SessionFileError, UsageError
from crawlbench.report.card import render_card
from crawlbench.report.extra import require_drawing
from crawlbench.report.markdown import render_markdown, render_parts
from crawlbench.report.pyperf_suite import plain_notes, plain_table
from crawlbench.report.terminal import Detail, render_notes, render_terminal, titled
from crawlbench.report.trace_file import load_trace
from crawlbench.report.view import SessionView

if TYPE_CHECKING:
    from pathlib import Path

    import pyperf

    from crawlbench.base.records import Session
    from crawlbench.report.page import Section


class Shown(Protocol):
    """Something that can be shown in every format, but for those that it does not define."""

    no_picture: ClassVar[str]
    """Why it has no page or no picture, and what shows it instead; empty if it has both."""

    def terminal(self, width: int, *, is_ascii: bool, detail: Detail = Detail.USUAL) -> Group:
        """Return what a terminal of that width shows."""

    def markdown(self) -> str:
        """Return it as Markdown."""

    def html(self) -> str:
        """Return it as a page.

        Raises:
            UsageError: it has none; the next two raise it too.
            NotInstalledError: the extra `report` is not installed; the next two raise it too.
        """
        raise UsageError(self.no_picture)

    def svg(self) -> str:
        """Return its ratios as a picture."""
        raise UsageError(self.no_picture)

    def png(self) -> bytes:
        """Return its ratios as a picture."""
        raise UsageError(self.no_picture)


@dataclass(frozen=True)
class SessionReport(Shown):
    """A session in every format."""

    no_picture: ClassVar[str] = ""

    session: Session
    folder: Path
    """Where it is kept, with its trace if it has one; a bundle's file."""
    support: Section | None = None
    """What its event loops support, if that is known: a section of the page."""
    bundled: str | None = None
    """The command with which a bundle says that it is repeated; it is kept in a file alone, so that
    it has no trace and cannot be continued. None for a session in a folder."""

    @cached_property
    def view(self) -> SessionView:
        """The session, indexed once for all formats."""
        return SessionView(self.session, self.folder, self.bundled)

    def terminal(self, width: int, *, is_ascii: bool, detail: Detail = Detail.USUAL) -> Group:
        """Return tables, bars and notes, and the answer last."""
        return render_terminal(self.view, width, is_ascii=is_ascii, detail=detail)

    def markdown(self) -> str:
        """Return tables and notes, the largest changes first if there is not enough room."""
        return render_markdown(self.view)

    def html(self) -> str:
        """Return the page; if the trace cannot be read, the page says so, and nothing is raised."""
        require_drawing()
        from crawlbench.report.html import render_page  # noqa: PLC0415
        from crawlbench.report.session_page import NO_TRACE, session_page  # noqa: PLC0415

        missing = NO_TRACE
        try:
            trace = load_trace(self.folder) if self.bundled is None else ()
        except SessionFileError as error:
            trace, missing = (), f"There is nothing to draw: {error}."
        return render_page(session_page(self.view, trace, missing, self.support))

    def svg(self) -> str:
        """Return the ratios of all groups."""
        require_drawing()
        from crawlbench.report.picture import render_svg  # noqa: PLC0415

        return render_svg(self.view)

    def png(self) -> bytes:
        """Return the ratios of all groups."""
        require_drawing()
        from crawlbench.report.picture import render_png  # noqa: PLC0415

        return render_png(self.view)

    def card(self) -> bytes:
        """Return a card to share, as PNG."""
        require_drawing()
        from crawlbench.report.vega import make_png  # noqa: PLC0415

        return make_png(render_card(self.view), 1)


@dataclass(frozen=True, slots=True)
class SuiteReport(Shown):
    """A plain pyperf suite in every format that can show it."""

    no_picture: ClassVar[str] = (
        "a plain pyperf suite has no baseline, so there are no ratios to draw; "
        "--format html shows its values"
    )

    suite: pyperf.BenchmarkSuite
    name: str

    def terminal(
        self,
        width: int,
        *,
        is_ascii: bool,  # noqa: ARG002  (there are no bars)
        detail: Detail = Detail.USUAL,  # noqa: ARG002  (there are no details)
    ) -> Group:
        """Return its table, and a note on what is not known."""
        notes = render_notes(plain_notes(self.suite))
        return Group(*titled(plain_table(self.suite), width), notes)

    def markdown(self) -> str:
        """Return its table, and a note on what is not known."""
        return render_parts([plain_table(self.suite)], plain_notes(self.suite))

    def html(self) -> str:
        """Return its values, and a note on what is not known."""
        require_drawing()
        from crawlbench.report.html import render_page  # noqa: PLC0415
        from crawlbench.report.plain_page import plain_page  # noqa: PLC0415

        return render_page(plain_page(self.suite, self.name))
