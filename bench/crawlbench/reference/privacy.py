"""What a published session must not reveal: who measured it, and where (floor 4; pure)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.base.records import Failure, Session

_PLATFORM = re.compile(r"(Linux|macOS|Darwin|Windows)(-\d+(?:\.\d+)?)?")
_MACHINES = ("x86_64", "amd64", "aarch64", "arm64", "armv7l", "ppc64le", "riscv64", "s390x")
# A list of folders, because addresses within a site, such as /subject/1292052/, are no secret.
_ROOTS = (
    "home|Users|root|tmp|var|usr|opt|mnt|srv|etc|work|data|private|Volumes|workspace|builds"
    "|media|scratch|export|nfs|nix|run|Applications"
)
# A quantifier after it repeats the second group alone.
_GROUPS = r"[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})"
"""The first group of an IPv6 address and one more."""
_SECRETS = (
    # A slash within a word begins no path: names of cells have slashes.
    (re.compile(rf"(?<![\w.])/(?:[\w.-]+/)*(?:{_ROOTS})/[^\s'\"]+"), "a path"),
    (re.compile(r"(?<!\\)\\\\[\w.-]+\\[^\s'\"]+"), "a path"),
    (re.compile(r"\b[A-Za-z]:[\\/][^\s'\"]+"), "a path"),
    (re.compile(r"(?<!\w)~/[^\s'\"]+"), "a path"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z][\w.-]*"), "an address of a person"),
    # Messages name the mirror's own address, which is the same on all machines.
    (re.compile(r"https?://(?!127\.0\.0\.1|localhost|\[::1\])[^\s'\"]+"), "an address"),
    (
        re.compile(r"(?<![\w.])(?!127\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d+)?(?![\w.])"),
        "an address",
    ),
    # Either eight groups, or fewer of them around a `::`. A time of day has too few, and a `::`
    # after a word belongs to code or to the name of a test.
    (re.compile(rf"(?<![\w:.]){_GROUPS}{{7}}(?![\w:])"), "an address"),
    (
        re.compile(
            rf"(?<![\w:.])(?!::1?(?![\w:]))(?:{_GROUPS}{{0,6}})?::(?:{_GROUPS}{{0,6}})?(?![\w:])"
        ),
        "an address",
    ),
    (
        re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])"),
        "a network card's address",
    ),
    (
        re.compile(
            r"(?i)\b[a-z0-9][\w-]*(?:\.[\w-]+)*\.(?:local|lan|internal|intranet|home|corp|localdomain)\b"
        ),
        "a host's name",
    ),
)
"""Patterns, and what they find."""
_LABEL = re.compile(r"[\w.+*@:/()=,\[\] -]{0,160}", re.ASCII)
UNTOLD = "(untold)"
BUSY = "another process"
"""What a process that took CPU time is called."""


def is_label(text: str) -> bool:
    """Return whether a text can be a name: letters, digits and a few signs, but no markup."""
    return _LABEL.fullmatch(text) is not None


def find_secret(text: str) -> tuple[str, str] | None:
    """Return the part of a text that must not be published, and its kind; None if there is none."""
    for pattern, kind in _SECRETS:
        if found := pattern.search(text):
            return found[0], kind
    return None


def shorten_platform(text: str) -> str:
    """Return only system, version and processor from what `platform.platform()` says.

    The kernel's own name can be that of a company or a machine.
    """
    found = _PLATFORM.match(text)
    machine = next((one for one in _MACHINES if one.lower() in text.lower()), "")
    return "-".join(filter(None, (found[0] if found else "", machine))) or "unknown"


def forget(session: Session, names: Iterable[str] = ()) -> Session:
    """Return a session without anything that reveals who measured it, and where.

    Args:
        session: the session as it was measured.
        names: the names of this machine and its user; they are removed from every sentence, as is
            the name of the machine that measured.
    """
    host = session.machine.hostname
    # The longest first: of a full name whose first label had gone, the rest would stay.
    private = sorted({*names, host, host.partition(".")[0]} - {""}, key=len, reverse=True)
    machine = replace(
        session.machine, hostname="", platform=shorten_platform(session.machine.platform)
    )
    conditions = session.conditions and replace(
        session.conditions, busy=tuple(BUSY for _ in session.conditions.busy)
    )
    return replace(
        session,
        machine=machine,
        conditions=conditions,
        failures=tuple(_forget_words(one, private) for one in session.failures),
        warnings=tuple(replace(one, text=_clean(one.text, private)) for one in session.warnings),
        environments=tuple(
            replace(one, executable="", library="", key="", sources={})
            for one in session.environments
        ),
    )


def _forget_words(failure: Failure, private: list[str]) -> Failure:
    """Return a failure with only its reason: last words are full of paths."""
    return replace(failure, reason=_clean(failure.reason, private), detail="")


def _clean(text: str, private: list[str]) -> str:
    for pattern, _ in _SECRETS:
        text = pattern.sub(UNTOLD, text)
    for name in private:
        text = re.sub(rf"\b{re.escape(name)}\b", UNTOLD, text)
    return text.replace("<", "‹").replace(">", "›")
