"""Runs the programs of docs/asyncio.md and draws who ran when, into docs/asyncio-NAME.svg.

    python docs/timeline.py                    all programs
    python docs/timeline.py --to PICTURE FILE  draws one of your own
    python docs/timeline.py FILE               prints what was seen of one, as JSON

A profile function notes each time that a function of the program begins, is suspended, goes on and
ends; a suspended coroutine returns to its driver, which is what is seen. Pictures are
measured, so they are not made anew by `make docs`, but by `make timelines`.
"""

from __future__ import annotations

import argparse
import inspect
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt

from crawlbench.report.charts.style import finish, layer, place
from crawlbench.report.picture import draw_alone
from crawlbench.report.theme import adapt_svg, colour

if TYPE_CHECKING:
    from types import FrameType

DOCS = Path(__file__).resolve().parent
PROGRAMS = DOCS / "examples" / "asyncio"
ROW = 30


@dataclass
class Seen:
    """One call of a function, from its first step to its last."""

    name: str
    first: str = ""
    """Its first argument if that is a number, or an address: `page 3`."""
    threads: list[str] = field(default_factory=list)
    """That ran it, in order."""
    steps: list[tuple[float, float]] = field(default_factory=list)
    """Seconds from the program's start: each time that it ran, until it was suspended or ended."""


def main() -> None:
    """Draw all, or tell of one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", metavar="PICTURE", type=Path)
    parser.add_argument("path", metavar="FILE", type=Path, nargs="?")
    options = parser.parse_args()
    if options.to and not options.path:
        parser.error(f"--to {options.to} needs a FILE, the program to draw")
    if options.to:
        drawn = draw(options.path.stem, run(options.path))
        options.to.write_text(drawn, encoding="utf-8", newline="\n")
        return
    if options.path:
        print(json.dumps([asdict(one) for one in watch(options.path)]), file=sys.stderr)
        return
    for path in sorted(PROGRAMS.glob("*.py")):
        picture = DOCS / f"asyncio-{path.stem.replace('_', '-')}.svg"
        picture.write_text(draw(path.stem, run(path)), encoding="utf-8", newline="\n")
        print(picture.relative_to(DOCS.parent))


def run(path: Path) -> list[Seen]:
    """Return what was seen of a program, in a process of its own."""
    command = [sys.executable, __file__, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [Seen(**one) for one in json.loads(done.stderr.splitlines()[-1])]


def watch(path: Path) -> list[Seen]:
    """Run a program in this process and return what was seen, in order of first steps."""
    program = compile(path.read_text(encoding="utf-8"), str(path), "exec")
    found: dict[int, Seen] = {}
    frames: list[FrameType] = []  # kept, so that no other frame gets the same identity
    begun: dict[int, float] = {}
    start = time.perf_counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_function = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
        if code.co_filename != str(path) or not is_function:
            return  # also where it is the body of a class or of the program
        moment, key = time.perf_counter() - start, id(frame)
        if event == "call":
            if key not in found:
                frames.append(frame)
                found[key] = Seen(code.co_name, _first(frame))
            begun[key] = moment
            found[key].threads.append(threading.current_thread().name)
        elif event == "return":
            found[key].steps.append((begun[key], moment))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        exec(program, {"__name__": "__main__"})  # noqa: S102  (a program of ours)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return [one for one in found.values() if one.steps]


def _first(frame: FrameType) -> str:
    code = frame.f_code
    if not code.co_argcount:
        return ""
    name = code.co_varnames[0]
    value = frame.f_locals.get(name)
    if isinstance(value, str) and value.startswith("/"):
        return value
    return f"{name} {value}" if isinstance(value, int) else ""


def _labels(seen: list[Seen]) -> list[str]:
    """Return what calls are named: by more than their function only where that is called again."""
    counts = Counter(one.name for one in seen)
    labels: list[str] = []
    for one in seen:
        label = f"{one.name} {one.first}".strip() if counts[one.name] > 1 else one.name
        again = sum(told.partition(", call ")[0] == label for told in labels)
        labels.append(f"{label}, call {again + 1}" if again else label)
    return labels


def draw(name: str, seen: list[Seen]) -> str:
    """Return the picture of a program."""
    rows: list[dict[str, Any]] = []
    labels = _labels(seen)
    zero = min(one.steps[0][0] for one in seen)  # imports are no part of the story
    for label, one in zip(labels, seen, strict=True):
        steps = [((begin - zero) * 1e3, (end - zero) * 1e3) for begin, end in one.steps]
        life = {"label": label, "start": steps[0][0], "end": steps[-1][1]}
        rows.append({**life, "kind": "life", "thread": one.threads[0]})
        for thread, (begin, end) in zip(one.threads, steps, strict=False):
            step = {"label": label, "start": begin, "end": end}
            rows.append({**step, "kind": "step", "thread": thread})
    last = max(row["end"] for row in rows)
    threads = list(dict.fromkeys(row["thread"] for row in rows))
    hues = [colour(hue) for hue in ("client", "slower", "faster", "parse")]
    base = alt.Chart(place(name)).encode(
        y=alt.Y(
            "label",
            type="nominal",
            sort=None,
            scale=alt.Scale(domain=labels),
            axis=alt.Axis(title=None, domain=False, ticks=False, labelFontSize=12),
        ),
        x=alt.X(
            "start:Q",
            scale=alt.Scale(domain=[0, last], nice=False),
            axis=alt.Axis(title="ms since the first step", grid=True),
        ),
        x2="end",
        color=alt.Color(
            "thread:N",
            scale=alt.Scale(domain=threads, range=hues[: len(threads)]),
            legend=alt.Legend(title=None),
        ),
    )
    chart = layer(
        base.mark_bar(height=5, opacity=0.3).transform_filter("datum.kind == 'life'"),
        base.mark_bar(height=15, strokeWidth=1.5)
        .encode(stroke=alt.Stroke("thread:N", legend=None))
        .transform_filter("datum.kind == 'step'"),
    )
    spec = finish(chart, height=ROW * len(labels))
    return adapt_svg(draw_alone([(f"{name}.py", spec)], {name: rows})) + "\n"


if __name__ == "__main__":
    main()
