"""The error for a name that nothing has, which says what could be meant (floor 1; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_KNOWN = 320
"""Most characters of known names to show: four lines of a terminal."""
_LISTED = {
    **{"strategy": "strategies", "event loop": "loops", "operation": "operations"},
    **{noun: f"{noun}s" for noun in ("parser", "site", "network", "suite")},
}
"""What `crawlbench list` calls each kind."""


def unknown_name(
    noun: str, name: str, known: Iterable[str], others: Iterable[str] = ()
) -> UnknownNameError:
    """Return a short error for an unknown name, which says what could be meant.

    Args:
        noun: the word for what was asked for.
        name: the name as it was typed.
        known: the names that exist.
        others: the words for other things that have this name.
    """
    import difflib  # noqa: PLC0415  (nobody else needs it)

    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    parts = [part.strip() for part in name.split(",")]
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    # Whichever hint applies last counts: it is the surest.
    for other in others:
        hint = f" (it is {'an' if other[0] in 'aeiou' else 'a'} {other})"
    if len(parts) > 1 and not set(parts).difference(known):
        hint = " (a list has no commas: give each name with an option of its own)"
    return UnknownNameError(f"unknown {noun} {name!r}{hint}; {_tell_known(noun, known)}")


def _tell_known(noun: str, known: list[str]) -> str:
    """Return the known names, or where to read them if there are many."""
    text = f"known: {', '.join(known) or 'none'}"
    plural = _LISTED.get(noun)
    if plural is None or len(text) <= MAX_KNOWN:
        return text
    return f"`crawlbench list {plural}` shows all {len(known)}"
