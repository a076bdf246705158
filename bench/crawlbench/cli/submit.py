"""`crawlbench submit` and `crawlbench verify-bundle` (floor 5)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.base.errors import BenchError, UsageError
from crawlbench.cli.output import complain, harmless, write_output
from crawlbench.reference.bundle import encode_bundle, load_bundle, restore
from crawlbench.reference.rules import find_broken
from crawlbench.reference.submission import name_bundle, submit_session

__all__ = ["submit", "verify_bundle"]


def submit(
    session: Annotated[Path, typer.Argument(help="The folder of a finished session.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File or folder to write the bundle to."),
    ] = None,
) -> None:
    """Make a checked bundle of a session, for a pull request to the table.

    Example: crawlbench submit results/mine -o results/matrix/theirs

    The bundle holds values, control, ceilings, versions and digests, but neither the name of the
    machine nor that of its user, nor a path. It is held against the rules of verify-bundle.
    """
    bundle = submit_session(session)
    name = name_bundle(bundle.content.session)
    path = Path(name) if output is None else output / name if output.is_dir() else output
    if path.exists():
        raise UsageError(f"the file {str(path)!r} exists already; name a new one with -o")
    write_output(path, encode_bundle(bundle))
    sys.stdout.write(f"wrote {harmless(str(path))}; next: docs/submit.md\n")


def verify_bundle(
    bundles: Annotated[list[Path], typer.Argument(help="The files of one or more bundles.")],
) -> None:
    """Hold bundles against all rules; exit with 4 if one breaks a rule.

    Example: crawlbench verify-bundle results/matrix/theirs/mine.bundle.gz
    """
    is_refused = False
    for path in bundles:
        bundle = load_bundle(path)
        if broken := find_broken(bundle):
            is_refused = True
            for sentence in broken:
                complain(f"{path}: {sentence}")
            continue
        session = restore(bundle.content)
        sys.stdout.write(
            f"{harmless(str(path))}: good, {len(session.plan.cells)} cells in "
            f"{len(session.rounds)} rounds, digest {bundle.digest[:12]}\n"
        )
    if is_refused:
        raise typer.Exit(BenchError.exit_code)
