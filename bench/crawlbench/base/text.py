"""Text that is safe to show: numbers in sentences, and other people's words (floor 0; pure).

Names of plug-ins, reasons of failures and hand-edited files reach every output. Escape codes, lone
surrogates and marks that turn the direction of writing are shown as escapes, so that they do
nothing.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DIGITS = 15
"""Beyond them numbers differ only by how they were computed."""


def count_of(number: int, noun: str) -> str:
    """Return `1 page` or `2 pages`.

    Args:
        number: how many there are.
        noun: the word for one of them, whose plural ends in s.
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def with_capital(text: str) -> str:
    """Return text whose first letter is a capital; the others stay as they are."""
    return text[:1].upper() + text[1:]


def list_cpus(cpus: Sequence[int]) -> str:
    """Return CPUs in short, in a form that Linux reads: three in a row or more as `0-3`."""
    # Consecutive CPUs are all equally far from their place in the list.
    spans = [
        [cpu for _, cpu in span] for _, span in groupby(enumerate(cpus), lambda p: p[1] - p[0])
    ]
    return ",".join(f"{s[0]}-{s[-1]}" if len(s) > 2 else ",".join(map(str, s)) for s in spans)


def tell_apart(*numbers: float, form: str) -> list[str]:
    """Return numbers with enough digits that different ones do not look alike.

    Otherwise a sentence that compares a number with a limit could contradict itself.

    Args:
        numbers: the numbers in one sentence.
        form: how to format each, with the digits that it should have at least, such as `.1f`.
    """
    start, digits, kind = form[: form.index(".") + 1], int(form[form.index(".") + 1 : -1]), form[-1]
    wanted = len({f"{number:.{MAX_DIGITS}g}" for number in numbers})
    for count in range(digits, MAX_DIGITS + 1):
        texts = [format(number, f"{start}{count}{kind}") for number in numbers]
        if len(set(texts)) >= wanted:
            break
    return texts


def encodable(text: str) -> str:
    """Return text that can be encoded: a plug-in's error may contain half a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()


def harmless(text: str) -> str:
    """Return text with escapes for unprintable characters, which could control a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """Return harmless text in one line."""
    return harmless(" ".join(text.split()))


def many_lines(text: str) -> str:
    """Return harmless text with its line breaks."""
    # A tab counts as unprintable, and its escape would spoil the indentation of a traceback.
    return "\n".join(map(harmless, text.expandtabs(4).splitlines()))


def name_signal(number: int) -> str:
    """Return the name of a signal, or its number: most real-time signals have no names."""
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
