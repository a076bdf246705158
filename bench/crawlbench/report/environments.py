"""What the environments of a session hold, and how they differ (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.text import one_line
from crawlbench.report.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import EnvironmentFacts
    from crawlbench.report.view import SessionView

ABSENT = "-"


def environments_tables(view: SessionView) -> list[Table]:
    """Return a row for each thing that differs, with a column for each environment that was built.

    It includes differences that nobody asked for, which may be why times differ. There is no table
    if all workers ran in the manager's Python.
    """
    built = [facts for facts in view.session.environments if not facts.obstacle]
    if not built:
        return []
    # One environment differs from nothing: then all that it holds is shown.
    rows = [row for row in _rows(built) if len(set(row[1:])) > 1 or len(built) == 1]
    if not rows:
        rows = [("everything", *["the same"] * len(built))]
    columns = (Column("what"), *(Column(one_line(f.name)) for f in built))
    shown = tuple(tuple(one_line(text) for text in row) for row in rows)
    return [Table("where the environments differ", columns, shown)]


def _rows(built: list[EnvironmentFacts]) -> Iterator[tuple[str, ...]]:
    yield ("Python", *(facts.python for facts in built))
    yield ("flags", *(" ".join(facts.asked.flags) or ABSENT for facts in built))
    yield ("variables", *(_variables(facts) or ABSENT for facts in built))
    yield ("installed from", *(_sources(facts) or ABSENT for facts in built))
    names = sorted({name for facts in built for name in facts.versions}, key=str.lower)
    for name in names:
        yield (name, *(facts.versions.get(name, ABSENT) for facts in built))


def _variables(facts: EnvironmentFacts) -> str:
    return " ".join(f"{name}={value}" for name, value in facts.asked.variables.items())


def _sources(facts: EnvironmentFacts) -> str:
    """Return each checkout as folder name and hash: whole paths would reveal the machine."""
    names = {path: path.replace("\\", "/").rpartition("/")[2] for path in facts.sources}
    return "; ".join(f"{names[path]} {digest}" for path, digest in facts.sources.items())
