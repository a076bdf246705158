"""Records how soon crawlbench and other harnesses find a planted 2 %, piece by piece.

python -m benchmarks.power                 all that is missing, to its end (8 hours)
python -m benchmarks.power --minutes 20    as much as fits; call it again for the rest
python -m benchmarks.power --page          only docs/power.md and its picture

Needs Debian's hyperfine and git. Do not use the machine meanwhile. Exits with 3 if pieces are
missing.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.power import referee
from benchmarks.power.ground import (
    TRUTH_PAIRS,
    measure_crawls,
    measure_programs,
    middle_of,
    open_ground,
)
from benchmarks.power.page import TRUTH, fill, render
from benchmarks.power.picture import draw_rates
from benchmarks.power.pieces import KEPT, LEVELS, LIVE_SHARE, Piece, all_due
from benchmarks.power.records import write_blocks, write_record
from benchmarks.power.rivals import RIVALS
from benchmarks.power.trials import find_rates

from crawlbench.base.storage import write_bytes, write_text
from crawlbench.report.numbers import format_length

if TYPE_CHECKING:
    from benchmarks.power.ground import Ground
    from benchmarks.power.pieces import Live

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURE = DOCS / "power.md", DOCS / "power.svg"
GET_THEM = "apt-get install hyperfine git"
AROUND_S = 20.0
"""Seconds that a piece takes in addition to its own, for environments, a mirror and files."""


def main() -> None:
    """Record what is missing, as far as time allows, and write the page."""
    options = _read_options()
    if not options.page:
        if not (shutil.which("hyperfine") and shutil.which("git")):
            sys.exit(f"hyperfine or git is not installed: {GET_THEM}")
        ends_at = time.monotonic() + options.minutes * 60 if options.minutes else None
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            record_truth(KEPT)
            record(KEPT, ends_at)
        finally:  # the page shows what was recorded, even after an error
            write_page(KEPT)
    else:
        write_page(KEPT)
    due = [one for one in all_due() if not one.find(KEPT)]
    left = format_length(sum(one.seconds + AROUND_S for one in due))
    print(f"{len(due)} of {len(all_due())} pieces are missing, about {left}")
    sys.exit(3 if due else 0)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, help="Begin nothing that would end later.")
    parser.add_argument("--page", action="store_true", help="Only write the page.")
    return parser.parse_args()


def record_truth(kept: Path) -> None:
    """Measure how much longer the copy really takes, if that is not known yet."""
    if (kept / TRUTH).exists():
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        open_ground(Path(folder), LIVE_SHARE, has_company=False) as ground,
    ):
        found = {
            "crawls": middle_of(measure_crawls(ground)),
            "programs": middle_of(measure_programs(ground)),
        }
    write_record(kept / TRUTH, {"share": LIVE_SHARE, "pairs": TRUTH_PAIRS, "found": found})
    print(f"the copy takes {found} of the plain one's time", flush=True)


def record(kept: Path, ends_at: float | None) -> None:
    """Record pieces, then live sessions, until all are recorded or time is up."""
    for one in all_due():
        if one.find(kept):
            continue
        if ends_at is not None and time.monotonic() + one.seconds + AROUND_S > ends_at:
            return
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            if isinstance(one, Piece):
                record_piece(one, kept, Path(folder))
            else:
                record_live(one, kept, Path(folder))
        print(f"{one.name}: {time.monotonic() - began:.0f} s", flush=True)


def record_piece(piece: Piece, kept: Path, folder: Path) -> None:
    """Record one piece; it is kept only if its neighbour was there to the end."""
    began = datetime.now(UTC).isoformat(timespec="seconds")
    level, rival = LEVELS[piece.level], RIVALS.get(piece.harness)
    with open_ground(folder, piece.share, has_company=piece.has_company) as ground:
        if rival:
            blocks = rival.record(ground, level)
            told = version(piece.harness) if piece.harness != "hyperfine" else _hyperfine(ground)
        else:
            session = referee.record(ground, level)
    if rival:
        about = {"began": began, "version": told}
        write_blocks(kept / f"{piece.name}.json.gz", blocks, about)
    else:
        path = kept / f"{piece.name}.session.gz"  # none for the table
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, session)


def _hyperfine(ground: Ground) -> str:
    return ground.call(0, "hyperfine", "--version").text.split()[-1]


def record_live(live: Live, kept: Path, folder: Path) -> None:
    """Have one harness compare both sides, from its first command to its answer."""
    began = time.monotonic()
    with open_ground(folder, LIVE_SHARE, has_company=False) as ground:
        rival = RIVALS.get(live.harness)
        sign = rival.ask(ground, live.seconds) if rival else referee.ask(ground, live.seconds)
    told = {"sign": sign, "seconds": round(time.monotonic() - began, 1)}
    write_record(kept / f"{live.name}.json.gz", told)


def write_page(kept: Path) -> None:
    """Write the results of all records into the page, and its picture."""
    rates = find_rates(kept, RIVALS)
    picture = draw_rates(rates)
    if picture:
        write_text(PICTURE, picture)
    fill(PAGE, render(kept, rates, PICTURE.name if picture else ""))


if __name__ == "__main__":
    main()
