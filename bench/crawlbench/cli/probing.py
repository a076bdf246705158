"""Probes event loops, and shows the progress (floor 5).

On a terminal there is a live count, with what does not work above it; elsewhere each finding gets a
line.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from crawlbench.base.text import one_line
from crawlbench.cli.consoles import status_console
from crawlbench.cli.endings import run_until_signal
from crawlbench.probe import ProbeOptions, Support, probe_loops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.probe import Finding, Report, Tell

UNREMARKABLE = (Support.WORKS, Support.NOT_HERE)
"""Findings that need no line of their own: the tables have them."""


def run_probe(options: ProbeOptions, tell: Tell) -> Report:
    """Try everything on every loop, and return the report; signals end it with what was found."""
    return run_until_signal(probe_loops(options, tell))


@contextmanager
def tell_findings() -> Iterator[Tell]:
    """Yield a function that shows findings on standard error as they come, during the block."""
    console = status_console()

    def show(text: str) -> None:
        console.print(text, soft_wrap=True)

    if not console.is_terminal:
        yield lambda finding, done, due: show(f"{done} of {due}: {_describe(finding)}")
        return
    with console.status("probing") as status:

        def tell(finding: Finding, done: int, due: int) -> None:
            status.update(f"probing: {done} of {due}")
            if finding.support not in UNREMARKABLE:
                show(_describe(finding))

        yield tell


def _describe(finding: Finding) -> str:
    """Return a finding in one line."""
    reason = f" ({finding.reason})" if finding.reason else ""
    return one_line(f"{finding.loop}: {finding.probe}: {finding.support}{reason}")
