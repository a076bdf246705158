"""`crawlbench submit` and `verify-bundle`: make and check bundles for the table (floor 5)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.base.errors import INVALID, UsageError
from crawlbench.base.text import harmless
from crawlbench.cli import options
from crawlbench.cli.output import complain, is_printed, print_json, write_output
from crawlbench.cli.places import refuse_existing
from crawlbench.reference.bundle import ENDING, encode_bundle, load_bundle, restore
from crawlbench.reference.matrix import find_copied, find_misplaced
from crawlbench.reference.rules import find_broken
from crawlbench.reference.submission import name_bundle, submit_session


def submit(
    session: Annotated[Path, typer.Argument(help="The folder of a finished session.")],
    output: Annotated[
        Path | None,
        options.result("-o", "--output", help="File to write, or a folder for it; - prints."),
    ] = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Make a checked bundle of a session, for a pull request to the table.

    Example: crawlbench submit results/mine -o results/matrix/theirs

    The bundle holds values, control, ceilings, versions and digests, but neither the name of the
    machine nor that of its user, nor a path. It is checked by the rules of verify-bundle.
    """
    is_piped = output is not None and is_printed(output)
    if is_piped and as_json:
        raise UsageError("--json and -o - would print two things; name a file with -o")
    if not (output is None or is_piped or output.is_dir() or output.name.endswith(ENDING)):
        raise UsageError(
            f"{str(output)!r} is no folder, and no bundle is found under such a name; make the "
            f"folder, or name a file that ends with {ENDING}"
        )
    bundle = submit_session(session)
    name = name_bundle(bundle.content.session)
    path = Path(name) if output is None else output / name if output.is_dir() else output
    refuse_existing(path, force=force)
    write_output(path, encode_bundle(bundle))
    if is_piped:
        return  # a sentence behind it would spoil the bundle
    if as_json:
        print_json({"file": str(path), "digest": bundle.digest})
    else:
        sys.stdout.write(f"wrote {harmless(str(path))}; next: docs/submit.md\n")


def verify_bundle(
    bundles: Annotated[list[Path], typer.Argument(help="The files of one or more bundles.")],
    as_json: options.AsJson = False,
) -> None:
    """Check bundles against all rules; exit with 4 if one breaks a rule.

    Example: crawlbench verify-bundle results/matrix/theirs/mine.bundle.gz
    """
    code, told = 0, []
    for path in bundles:
        try:
            bundle = load_bundle(path)
        except UsageError as error:  # those that follow are checked all the same
            code = max(code, error.exit_code)
            told.append({"file": str(path), "digest": "", "broken": [str(error)]})
            complain(str(error))
            continue
        broken = find_broken(bundle) or list(
            filter(None, [find_misplaced(path), find_copied(path, bundles)])
        )
        told.append({"file": str(path), "digest": bundle.digest, "broken": broken})
        if broken:
            code = INVALID
            for sentence in broken:
                complain(f"{path}: {sentence}")
            continue
        session = restore(bundle.content)  # which raises if that is not possible
        if as_json:
            continue
        sys.stdout.write(
            f"{harmless(str(path))}: good, {len(session.plan.cells)} cells in "
            f"{len(session.rounds)} rounds, digest {bundle.digest[:12]}\n"
        )
    if as_json:
        print_json(told)
    if code:
        raise typer.Exit(code)
