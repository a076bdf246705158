"""The command that measures a bundle's session again, for the table to show (floor 4; pure)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.measure.suite import suite_names
from crawlbench.reference.parts import list_parts
from crawlbench.report.repeat import repeat_command

if TYPE_CHECKING:
    from crawlbench.base.records import Session

OF_A_PART = "make reference PART="
OWN = "run-"
"""Begins the name of a suite that is called like a part, but is measured otherwise."""


def name_suite(suite: str) -> str:
    """Return what a bundle calls the suite of somebody's own session, which is no part."""
    name = Path(suite).stem
    return f"{OWN}{name}" if name in list_parts() else name


def command_of(session: Session, part: str) -> str:
    """Return the command that measures a session again, with all axes and sizes written out.

    So it does not depend on a suite that only one person has, nor on what is the suite's today.

    Args:
        session: as the bundle holds it.
        part: the part of a matrix that it measured; empty for somebody's own session.
    """
    if part:
        return f"{OF_A_PART}{part}"
    # `repeat_command` leaves rounds and laps to a suite that is paced; here they are written out.
    suite = session.plan.suite.removeprefix(OWN)
    plan = replace(session.plan, suite=suite if suite in suite_names() else "default")
    return repeat_command(replace(session, plan=replace(plan, is_paced=False)))


def due_command(session: Session) -> str:
    """Return the command that measures a bundle's session again, whatever the bundle says.

    Strangers copy it into their shell, so nothing else is shown, and no other is accepted.
    """
    suite = session.plan.suite
    return command_of(session, suite if suite in list_parts() else "")
