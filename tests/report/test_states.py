"""Sessions that are old, partial, invalid, tiny, or none, as text; tests/browser has the page."""

from __future__ import annotations

import pytest
from rich.console import Console

from crawlbench.report.terminal import Detail
from tests.report import states
from tests.report.reference import plain_mean


def terminal(shown, width):
    """Return what a terminal shows, each line without what is behind it."""
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(shown.terminal(width, is_ascii=False, detail=Detail.VERBOSE))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize(
    ("make", "texts"),
    [
        (states.old, ["aiohttp-gather", "faster", "suite default"]),
        (states.oldest, ["aiohttp-gather", "faster", "suite default"]),
        (states.partial, ["it has not ended, or it was killed", "crashed"]),
        (states.invalid_only, ["wrong answer", "invalid"]),
        (states.one_cell, ["base", "control"]),
        (states.only_baseline, ["base", "baseline"]),
        (states.nothing, ["it was interrupted", "no values"]),
        (states.loops, ["not supported", "udp-sock"]),
        (states.loops_and_crawls, ["base", "udp-sock"]),
        (states.plain, ["plain pyperf suite", plain_mean()]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_each_session_is_text_too(tmp_path, make, texts):
    """In the terminal of 80 columns, not one more, and as Markdown."""
    shown = make(tmp_path)
    lines = terminal(shown, 80)
    assert max(map(len, lines)) <= 80
    flat, markdown = " ".join(" ".join(lines).split()), " ".join(shown.markdown().split())
    for text in texts:
        assert text in flat, text
        assert text in markdown, text
