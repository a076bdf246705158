"""Makes a bundle from a session that was measured here (floor 4)."""

from __future__ import annotations

import getpass
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.measure.store import load_session
from crawlbench.reference.bundle import (
    ENDING,
    Content,
    claims_of,
    restore,
    seal,
    shorten,
)
from crawlbench.reference.command import command_of, name_suite
from crawlbench.reference.privacy import forget
from crawlbench.reference.rules import find_broken
from crawlbench.reference.sources import digest_of_site, sources_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.base.records import Plan, Session
    from crawlbench.reference.bundle import Bundle, Source


def submit_session(folder: Path, part: str = "") -> Bundle:
    """Return the bundle of a session, checked by all rules.

    Args:
        folder: the session's folder.
        part: the part of a matrix that it measured; empty for somebody's own session.

    Raises:
        UsageError: there is no session, or it breaks a rule; the message says which.
    """
    session = load_session(folder)
    bundle = make_bundle(session, part)
    if broken := find_broken(bundle):
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise UsageError(f"{str(folder)!r} cannot be submitted{more}: {broken[0]}")
    return bundle


def make_bundle(session: Session, part: str = "") -> Bundle:
    """Return the bundle of a judged session, before it is checked against the rules.

    Raises:
        UsageError: the file of one of the user's own strategies is gone, or a strategy has changed
            since it was measured.
    """
    try:
        sources = sources_of(session.plan)
    except OSError as error:
        raise UsageError(
            f"the strategy's file {str(error.filename)!r} cannot be read: {error.strerror}; "
            "a tuned row shows its code"
        ) from error
    _refuse_changed(session, sources)
    plan = _without_paths(replace(session.plan, suite=part or name_suite(session.plan.suite)))
    rounds = shorten(session)
    # Whoever reads a bundle draws conclusions and warnings anew; `rules.py` refuses what it brings.
    bare = forget(
        replace(
            session,
            plan=plan,
            rounds=(),
            summaries=(),
            comparisons=(),
            controls=(),
            slots=(),
            warnings=(),
        ),
        _private_names(),
    )
    sites = dict.fromkeys(cell.site for cell in plan.cells if cell.site)
    content = Content(
        session=bare,
        rounds=rounds,
        sites={site: digest_of_site(site) for site in sites},
        strategies=sources,
        claims=(),
        command=command_of(bare, part),
    )
    # From the rounded values, as every reader will conclude it.
    claims = claims_of(restore(content))
    return seal(Content(bare, rounds, content.sites, content.strategies, claims, content.command))


def _refuse_changed(session: Session, sources: Mapping[str, Source]) -> None:
    """Raise if a strategy is no longer what the session measured."""
    for name, source in sources.items():
        # Older sessions do not know what code they measured.
        if session.codes.get(name, source.digest) != source.digest:
            raise UsageError(
                f"the code of {name!r} has changed since the session was measured (digest "
                f"{session.codes[name][:12]} then, {source.digest[:12]} now): a bundle shows what "
                "was measured; measure it again"
            )


def name_bundle(session: Session) -> str:
    """Return the name of a bundle's file: when it was measured, and what."""
    moment = session.created[:19].replace("-", "").replace(":", "")
    return f"{moment}Z-{Path(session.plan.suite).stem}{ENDING}"


def _without_paths(plan: Plan) -> Plan:
    """Return a plan that knows its files only by their labels."""
    files = {label: replace(one, path=label, spelling=label) for label, one in plan.files.items()}
    return replace(plan, files=files)


def _private_names() -> list[str]:
    """Return the names of this machine and its user."""
    names = [socket.gethostname(), socket.gethostname().partition(".")[0]]
    # In a container a user may have no name: KeyError, and from Python 3.13 on OSError. Windows has
    # no `pwd`: ImportError.
    with suppress(OSError, KeyError, ImportError):
        names.append(getpass.getuser())
    return names
