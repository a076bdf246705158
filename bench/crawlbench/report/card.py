"""A picture to share (floor 3; pure): a session's answer, machine, date and command."""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.text import count_of, harmless
from crawlbench.report.answer import find_answer
from crawlbench.report.repeat import again_command
from crawlbench.report.theme import COLOURS, FONT

if TYPE_CHECKING:
    from crawlbench.report.view import SessionView

WIDTH, HEIGHT = 1200, 630
"""Pixels that services ask for when they show a picture for a link."""
_MARGIN, _TOP, _FOOT = 72, 150, 470
"""Where words begin: distance from the left, headline from the top, and what is below it."""
_SIZES = (56, 48, 42, 36, 30, 26, 22)
"""Letter sizes for the headline, in pixels; the first one that fits is used."""
_LETTER = 0.53
"""Width of a letter relative to its height: an overestimate, so that no line leaves the card."""
_SMALL = 24
_COMMAND, _COMMAND_HEIGHT = 558, 54
"""From where the command goes down, and how far; the margin below is smaller than the others."""
_COMMAND_SIZES = (_SMALL, 20, 16, 14, 12)


def render_card(view: SessionView) -> str:
    """Return the card as SVG, light on every background.

    Raises:
        UsageError: the session answers nothing yet.
    """
    sentences = [sentence.text for sentence in find_answer(view)]
    if not sentences:
        raise UsageError("there is no card: this session answers nothing yet")
    session, machine = view.session, view.session.machine
    size, lines = _fit(sentences[0])
    cpus = count_of(machine.cpu_count, "CPU")
    where = ", ".join(filter(None, [machine.cpu_model, cpus, machine.python]))
    foot = (where, f"{session.created[:10]}, crawlbench {session.tool}")
    words = [
        _text("crawlbench", _MARGIN, 88, 28, "soft"),
        *(
            _text(line, _MARGIN, _TOP + size + round(n * size * 1.25), size, "ink")
            for n, line in enumerate(lines)
        ),
        *(
            _text(_cut(line, _SMALL), _MARGIN, _FOOT + 40 + n * 36, _SMALL, "soft")
            for n, line in enumerate(foot)
        ),
        *_command(again_command(view)),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{COLOURS["paper"][0]}"/>'
        f'<rect width="16" height="{HEIGHT}" fill="{COLOURS["link"][0]}"/>'
        f"{''.join(words)}</svg>\n"
    )


def _command(command: str) -> list[str]:
    """Return the lines of the command that repeats the session, in the largest letters that fit.

    There are none without a command, nor where it has no room: a part of it would repeat something
    else.
    """
    for size in _COMMAND_SIZES if command else ():
        most, height = _letters(size), round(size * 1.25)
        # At its hyphens an option would look like two.
        lines = wrap(f"$ {command}", most, break_long_words=False, break_on_hyphens=False)
        if len(lines) * height <= _COMMAND_HEIGHT and max(map(len, lines)) <= most:
            places = enumerate(lines, 1)
            return [_text(line, _MARGIN, _COMMAND + n * height, size, "link") for n, line in places]
    return []


def _fit(headline: str) -> tuple[int, list[str]]:
    """Return the largest letter size that fits, and the headline's lines at that size."""
    lines: list[str] = []
    for size in _SIZES:
        lines = wrap(headline, _letters(size))
        if len(lines) * size * 1.25 <= _FOOT - _TOP:
            return size, lines
    most = int((_FOOT - _TOP) / (_SIZES[-1] * 1.25))
    return _SIZES[-1], [*lines[: most - 1], f"{lines[most - 1][:-4]} ..."]


def _letters(size: int) -> int:
    return int((WIDTH - 2 * _MARGIN) / (size * _LETTER))


def _cut(text: str, size: int) -> str:
    most = _letters(size)
    return text if len(text) <= most else f"{text[: most - 4]} ..."


def _text(text: str, x: int, y: int, size: int, colour: str) -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="{FONT}" font-size="{size}" '
        f'fill="{COLOURS[colour][0]}">{escape(harmless(text))}</text>'
    )
