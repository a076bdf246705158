"""docs/asyncio.md shows programs as they are, with what they print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from crawlbench.operations import find_operation

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = (ROOT / "docs" / "asyncio.md").read_text(encoding="utf-8")
EXAMPLES = sorted((ROOT / "docs" / "examples" / "asyncio").glob("*.py"))
PIECE = re.compile(
    r"\[`(\w+\.py)`\]\([^)]*\):\n\n```python\n(.*?)```\n\nprints:\n\n```text\n(.*?)```\n\n"
    r"Measured as: (.*?)\.\n",
    re.DOTALL,
)
PIECES = {
    name: (code, printed, measured) for name, code, printed, measured in PIECE.findall(DOCUMENT)
}


def test_every_example_stands_in_the_document():
    """And no other."""
    assert sorted(PIECES) == [path.name for path in EXAMPLES]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_prints_what_the_document_says(path):
    """The code is the file's, the output is what it prints, and no warning comes with it."""
    code, printed, _ = PIECES[path.name]
    assert code == path.read_text(encoding="utf-8")
    call = [sys.executable, "-W", "error", str(path)]
    outcome = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert (outcome.stdout, outcome.stderr) == (printed, "")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_operations_that_measure_it_exist(path):
    """Each name leads somewhere."""
    for name in re.findall(r"`([a-z0-9-]+)`", PIECES[path.name][2]):
        assert find_operation(name).name == name


@pytest.mark.parametrize(
    ("name", "before", "after", "printed"),
    [
        ("crawl.py", "WORKERS = 3", "WORKERS = 1", None),
        ("thread_asks_loop.py", "await asyncio.sleep(0.2)", "time.sleep(0.2)", None),
        (
            "generator_coroutine.py",
            "await new_style(2)",
            "await new_style(0)",
            "0\nanother task has its turn\n",
        ),
    ],
)
def test_line_to_change_is_there_and_does_what_the_document_says(
    tmp_path, name, before, after, printed
):
    """It is one line of the program; None: the program prints the same as before."""
    assert f"`{before}` to `{after}`" in DOCUMENT
    code, usual, _ = PIECES[name]
    assert sum(before in line for line in code.splitlines()) == 1
    changed = tmp_path / name
    changed.write_text(code.replace(before, after), encoding="utf-8")
    call = [sys.executable, "-W", "error", str(changed)]
    outcome = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert (outcome.stdout, outcome.stderr) == (printed or usual, "")


def test_picture_names_calls_and_begins_with_the_first_step(tmp_path):
    """No number in brackets, no body of a class; and a program of one's own can be drawn."""
    pytest.importorskip("altair")
    picture = tmp_path / "mine.svg"
    timeline, program = ROOT / "docs" / "timeline.py", ROOT / "docs/examples/asyncio/crawl.py"
    call = [sys.executable, str(timeline), "--to", str(picture), str(program)]
    subprocess.run(call, check=True, timeout=60, stdout=subprocess.DEVNULL)
    drawn = picture.read_text(encoding="utf-8")
    for name in ("main", "work number 2", "fetch /film/4", "ms since the first step"):
        assert f">{name}<" in drawn
    kept = (ROOT / "docs" / "asyncio-generator-coroutine.svg").read_text(encoding="utf-8")
    assert ">old_style<" in kept
    assert ">Turns<" not in kept
