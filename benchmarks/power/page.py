"""Writes docs/power.md: what was recorded, how often it shows a planted difference, a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.places import fill_place
from benchmarks.power.pieces import DURATIONS, HARNESSES, LIVE, all_due, all_lives, all_pieces
from benchmarks.power.records import load_record
from benchmarks.power.trials import find_live

from crawlbench.base.storage import write_text
from crawlbench.report.numbers import format_length

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.power.pieces import Piece
    from benchmarks.power.trials import Rates

TRUTH = "truth.json.gz"
_HEAD = (
    "| harness | seconds | equal, called different | found 1 % (made) | found 2 % "
    "| found 5 % (made) | found 2 %, at equal false alarms |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
)
PLACES = {False: "Alone on the machine", True: "With one neighbour"}


def fill(page: Path, text: str) -> None:
    """Write a text between the marks of a page."""
    write_text(page, fill_place(page.read_text(encoding="utf-8"), "power", text))


def render(folder: Path, rates: Sequence[Rates], picture: str) -> str:
    """Return the text between the marks of the page.

    Args:
        folder: the folder of the records.
        rates: the rates from all recorded pieces.
        picture: the picture's file, as the page links it; empty for none.
    """
    parts = [_progress(folder)]
    if truth := _truth(folder):
        parts.append(truth)
    if picture:
        parts.append(f"![Share of trials that find 2 %, by their seconds]({picture})")
    for has_company, title in PLACES.items():
        mine = [one for one in rates if one.has_company == has_company]
        if mine:
            parts.append(f"### {title}\n\n{_HEAD}\n" + "\n".join(map(_row, mine)))
    if lives := _lives(folder):
        parts.append(lives)
    return "\n\n".join(parts)


def _progress(folder: Path) -> str:
    pieces, lives = all_pieces(), all_lives()
    missing = [one for one in all_due() if not one.find(folder)]
    recorded = sum(one.find(folder) is not None for one in pieces)
    if not recorded:
        whole = format_length(sum(one.seconds for one in all_due()))
        return (
            f"Nothing was recorded yet: {len(pieces)} pieces and {len(lives)} live sessions are "
            f"missing, {whole} in all. So nobody knows yet which harness finds 2 % first."
        )
    left = format_length(sum(one.seconds for one in missing))
    rest = f"the rest takes {left}" if missing else "nothing is missing"
    live = sum(one.find(folder) is not None for one in lives)
    days = sorted(
        {load_record(path)["began"][:10] for one in pieces if (path := _json_of(one, folder))}
    )
    when = f", on {' to '.join(dict.fromkeys((days[0], days[-1])))}" if days else ""
    return (
        f"Recorded: {recorded} of {len(pieces)} pieces and {live} of {len(lives)} live "
        f"sessions{when}; {rest}."
    )


def _json_of(one: Piece, folder: Path) -> Path | None:
    path = one.find(folder)
    return path if path and path.name.endswith(".json.gz") else None


def _truth(folder: Path) -> str:
    path = folder / TRUTH
    if not path.exists():
        return ""
    told = load_record(path)
    kinds = ", ".join(f"{name} {100 * (ratio - 1):.2f} %" for name, ratio in told["found"].items())
    return (
        f"{100 * told['share']:g} % was planted. A script that shares no code with any harness "
        f"measured how much longer the copy takes: {kinds} ({told['pairs']} pairs each)."
    )


def _row(one: Rates) -> str:
    made = [f"{100 * share:.0f} %" for share in one.made] or ["-", "-"]
    wrong = f", {one.wrong} called faster" if one.wrong else ""
    alike = "-" if one.found_alike is None else f"{100 * one.found_alike:.0f} %"
    return (
        f"| {one.harness} | {one.seconds:g} | {_of(one.false, one.equal)} | {made[0]} "
        f"| {_of(one.found, one.planted)}{wrong} | {made[1]} | {alike} |"
    )


def _of(count: int, total: int) -> str:
    return f"{count} of {total}" if total else "-"


def _lives(folder: Path) -> str:
    found = find_live(folder)
    if not found:
        return ""
    lines = [
        f"| {name} | {sum(sign > 0 for sign in found[name])} of {len(found[name])} "
        f"| {sum(sign < 0 for sign in found[name])} |"
        for name in HARNESSES
        if name in found
    ]
    head = "| harness | called slower | called faster |\n| --- | ---: | ---: |\n"
    return (
        f"### Live, from the first command to the answer\n\n2 % longer, alone, {LIVE} sessions of "
        f"{DURATIONS[3]:g} seconds each are due.\n\n{head}" + "\n".join(lines)
    )
