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
