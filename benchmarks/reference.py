"""Measures the matrix of the table, session by session, and draws the page of all matrices.

python -m benchmarks.reference                   what is missing, to its end (hours)
python -m benchmarks.reference --plan            what is missing, and how long it takes
python -m benchmarks.reference --minutes 10      as much as fits; call it again for the rest
python -m benchmarks.reference --part api        one part alone
python -m benchmarks.reference --page            only the page and the badges

An interrupted session continues where it stopped. A finished one becomes a bundle, checked by all
rules, in `results/matrix/<day>-<CPU>-<Python>/`. Sessions of one part lie apart in time: every part
is measured once before any is measured again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from benchmarks.places import fill_place
from benchmarks.speeds import render_speeds

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.errors import BenchError, UsageError
from crawlbench.base.storage import write_bytes, write_text
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.owner import own
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.reference.badge import make_badges
from crawlbench.reference.bundle import (
    ENDING,
    claims_of,
    encode_bundle,
    load_bundle,
    restore,
    seal,
)
from crawlbench.reference.matrix import (
    MAX_MATRIX_BYTES,
    load_matrices,
    load_matrix,
    load_measured,
    name_matrix,
)
from crawlbench.reference.page import render_table
from crawlbench.reference.parts import SESSIONS, Part, find_part, list_parts, load_parts
from crawlbench.reference.picture import draw_clients, find_clients
from crawlbench.reference.submission import submit_session
from crawlbench.reference.table import make_table
from crawlbench.report.numbers import format_bytes, format_length

if TYPE_CHECKING:
    from crawlbench.base.records import Machine, Session
    from crawlbench.reference.table import MatrixTable

ROOT = Path(__file__).resolve().parent.parent
MATRICES = ROOT / "results" / "matrix"
UNDER_WAY = ROOT / "results" / "matrix-under-way"
"""Sessions that are not finished; not kept in git."""
PAGE = ROOT / "docs" / "results"
REFERENCE = ROOT / "results" / "reference"
"""A session on an Intel CPU, and a bundle of a newcomer's session on an AMD CPU."""
README = ROOT / "README.md"
PICTURE = "clients.svg"
CONTESTANTS = ROOT / "docs" / "contestants.md"
INTERRUPTED = 130
PATIENCE_S = 60.0
"""Seconds that a session has to end after it was asked to."""


@dataclass(frozen=True, slots=True)
class Due:
    """One session that is still to be measured."""

    part: Part
    number: int
    """From 1."""
    expected_s: float

    @property
    def name(self) -> str:
        """The name of its folder and its bundle."""
        return f"{self.part.name}-{self.number}"


def main() -> None:
    """Measure the missing sessions, or print how long they would take."""
    options = _read_options()
    if not options.page:
        parts = [find_part(options.part)] if options.part else load_parts()
        folder = find_folder(MATRICES)
        due = find_due(folder, parts)
        tell_plan(folder, parts, due)
        if options.plan:
            return
        UNDER_WAY.mkdir(parents=True, exist_ok=True)
        with own(UNDER_WAY):  # two at once would disturb each other's values
            measure(due, folder, options.minutes * 60 if options.minutes else None)
        left = len(find_due(folder, parts))
        print(f"{left} of {SESSIONS * len(parts)} sessions are missing", flush=True)
    conclude_anew(MATRICES)
    table = load_table(MATRICES)
    write_page(table, PAGE)
    write_picture(table, PAGE, README)
    write_speeds(table, CONTESTANTS)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--part", choices=list_parts(), help="Measure this part alone.")
    parser.add_argument("--minutes", type=float, help="Stop after so many minutes.")
    parser.add_argument("--plan", action="store_true", help="Show how long it would take, and end.")
    parser.add_argument("--page", action="store_true", help="Only draw the page and the badges.")
    return parser.parse_args()


def find_folder(root: Path) -> Path:
    """Return the folder of the matrix to continue: the newest of this CPU and Python.

    If there is none, or it is complete, a new matrix begins today.

    Raises:
        UsageError: it was begun on a machine with another number of CPUs.
    """
    machine = describe_machine()
    today = datetime.now(UTC).date().isoformat()
    ending = name_matrix("", machine)
    begun = [*root.glob(f"*{ending}"), *(UNDER_WAY.glob(f"*{ending}") if root == MATRICES else ())]
    names = sorted({path.name for path in begun if len(path.name) == len(today + ending)})
    if names:
        newest: Path = root / names[-1]
        if any(not _bundle(newest, *one).exists() for one in _all_sessions(list_parts())):
            require_same_machine(newest, machine)
            return newest
    return root / name_matrix(today, machine)


def require_same_machine(folder: Path, machine: Machine) -> None:
    """Raise if a matrix was begun on a machine with another number of CPUs.

    Raises:
        UsageError: it was; the CPU's name alone does not tell machines apart.
    """
    for path in sorted(folder.glob(f"*{ENDING}"))[:1]:
        there = load_bundle(path).content.session.machine.cpu_count
        if there != machine.cpu_count:
            raise UsageError(
                f"{str(folder)!r} was begun on {there} CPUs, here are {machine.cpu_count}; finish "
                "it there, or move it away to begin another one here"
            )


def find_due(folder: Path, parts: list[Part]) -> list[Due]:
    """Return the missing sessions: one of each part, then another of each part."""
    known, by_name = _seconds_of(folder), {part.name: part for part in parts}
    return [
        Due(by_name[name], number, known.get(name, by_name[name].expected_s))
        for name, number in _all_sessions(list(by_name))
        if not _bundle(folder, name, number).exists()
    ]


def _all_sessions(parts: list[str]) -> list[tuple[str, int]]:
    return [(part, number) for number in range(1, SESSIONS + 1) for part in parts]


def _bundle(folder: Path, part: str, number: int) -> Path:
    return folder / f"{part}-{number}{ENDING}"


def _seconds_of(folder: Path) -> dict[str, float]:
    """Return how long a session of each part took, for the parts that have been measured."""
    if not list(folder.glob(f"*{ENDING}")):
        return {}
    return {one.suite: one.session.seconds for one in load_matrix(folder).sessions}


def tell_plan(folder: Path, parts: list[Part], due: list[Due]) -> None:
    """Print which sessions exist and how long the rest takes."""
    size = sum(path.stat().st_size for path in folder.glob(f"*{ENDING}"))
    clients = set().union(*(part.clients for part in parts))
    print(f"matrix {folder.name}: {format_bytes(size)} of {format_bytes(MAX_MATRIX_BYTES)}")
    for part in parts:
        mine = [one for one in due if one.part is part]
        length = mine[0].expected_s if mine else part.expected_s
        done = SESSIONS - len(mine)
        print(
            f"  {part.name:10} {len(part.plan.cells):4} cells, {done} of {SESSIONS} sessions, "
            f"about {format_length(length)} each"
        )
    total = format_length(sum(one.expected_s for one in due))
    print(f"{len(parts)} parts, {len(clients)} clients; {len(due)} sessions missing, about {total}")
    sys.stdout.flush()


def measure(due: list[Due], folder: Path, budget_s: float | None) -> None:
    """Measure sessions one after the other until time is up.

    Raises:
        UsageError: a session breaks a rule, or the matrix would be too large; those that come after
            it were measured all the same.
    """
    refused: list[str] = []
    ends_at = None if budget_s is None else time.monotonic() + budget_s
    for one in due:
        left_s = None if ends_at is None else ends_at - time.monotonic()
        if left_s is not None and left_s <= 0:
            break
        print(f"{one.name}: about {format_length(one.expected_s)}", flush=True)
        session = UNDER_WAY / folder.name / one.name
        code = run_session(one, session, left_s)
        if code == INTERRUPTED:
            break
        try:
            keep(session, _bundle(folder, one.part.name, one.number), one.part.name)
        except UsageError as error:
            print(error, flush=True)
            refused.append(f"{error}; its folder stays: remove it to measure it again")
    if refused:
        raise UsageError(refused[0])


def run_session(due: Due, session: Path, left_s: float | None) -> int:
    """Measure or continue a session; return its exit code, or 130 if time was up."""
    call = ["run", str(due.part.path), "-o", str(session), "--quiet", "--no-page"]
    if (session / SESSION_FILE).exists():
        call = ["run", "--resume", str(session), "--quiet", "--no-page"]
        call += ["--rounds", str(due.part.plan.rounds)]
    child = subprocess.Popen(python_command("crawlbench", *call), env=clean_environment())
    try:
        code = child.wait(left_s)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.terminate()  # finished rounds are kept; SIGINT is ignored in the background
        try:
            child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        return INTERRUPTED
    return code


def keep(session: Path, path: Path, suite: str) -> None:
    """Make a bundle of a finished session, and remove its folder.

    Raises:
        UsageError: it breaks a rule, or the matrix would be too large; the folder stays.
    """
    if load_session(session).ending.is_early:
        raise UsageError(
            f"{str(session)!r} was not finished; call this again to continue it, or remove that "
            "folder to begin again"
        )
    content = encode_bundle(submit_session(session, suite))
    others = sum(one.stat().st_size for one in path.parent.glob(f"*{ENDING}"))
    if others + len(content) > MAX_MATRIX_BYTES:
        raise UsageError(
            f"{str(path)!r} would make its matrix larger than {format_bytes(MAX_MATRIX_BYTES)}; "
            "measure fewer parts"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)
    shutil.rmtree(session)
    print(f"{path.name}: {format_bytes(len(content))}", flush=True)


def conclude_anew(matrices: Path) -> None:
    """Update the conclusions in published bundles to today's judge; their values do not change.

    Raises:
        UsageError: a bundle was edited. A new digest would hide that.
    """
    for path in sorted(matrices.glob(f"*/*{ENDING}")):
        measured = load_measured(path)
        content, claims = measured.content, claims_of(measured.session)
        if claims != content.claims:
            write_bytes(path, encode_bundle(seal(msgspec.structs.replace(content, claims=claims))))


def load_table(matrices: Path) -> MatrixTable:
    """Return the table of all matrices in a folder; raises what `load_matrices` raises."""
    return make_table(load_matrices(matrices), [load_makers()])


def write_page(table: MatrixTable, folder: Path) -> None:
    """Write the page of the table, and the badges of its newest figures."""
    badges = folder / "badges"
    badges.mkdir(parents=True, exist_ok=True)
    write_text(folder / "index.html", render_table(table))
    wanted = make_badges(table)
    for name, text in wanted.items():
        write_text(badges / name, text)
    for old in badges.glob("*.json"):
        if old.name not in wanted:
            old.unlink()  # the badge of a retired figure
    size = format_bytes((folder / "index.html").stat().st_size)
    print(f"{folder / 'index.html'}: {len(table.rows)} figures, {size}; {len(wanted)} badges")


def load_makers() -> tuple[Session, Session]:
    """Return two judged sessions of the default suite, on CPUs of two makers."""
    newcomer = load_bundle(REFERENCE / f"newcomer{ENDING}")
    return load_session(REFERENCE), restore(newcomer.content)


def write_picture(table: MatrixTable, folder: Path, readme: Path) -> None:
    """Draw all clients that were measured on one chart, and show it in the README."""
    rows = find_clients(table)
    text = ""
    if rows:
        write_text(folder / PICTURE, draw_clients(rows))
        place = os.path.relpath(folder, readme.parent)
        count = sum(row.verdict != "baseline" for row in rows)
        text = (
            f"[![{count} clients, each one's time per page over the baseline's, with intervals]"
            f"({place}/{PICTURE})]({place}/index.html)"
        )
    write_text(readme, fill_place(readme.read_text(encoding="utf-8"), "clients", text))


def write_speeds(table: MatrixTable, document: Path) -> None:
    """Write into the document about contestants how fast each is, if they were measured."""
    speeds = render_speeds(table)
    write_text(document, fill_place(document.read_text(encoding="utf-8"), "speeds", speeds))


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"reference: {error}")
