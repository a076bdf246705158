"""The margin of each machine: kept, found, and never guessed from a broken file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.stats.builders import MACHINE

from crawlbench.base.errors import StorageError, UsageError
from crawlbench.measure.margins import FILE, find_margin, keep_margin


def test_margin_that_was_kept_is_found(tmp_path):
    """The folder is made; the last one counts."""
    folder = tmp_path / "a" / "b"
    assert keep_margin(folder, MACHINE, 0.02) == folder / FILE
    assert find_margin(folder, MACHINE) == 0.02
    keep_margin(folder, MACHINE, 0.0123456789)
    assert find_margin(folder, MACHINE) == 0.0123456789
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_machine_that_was_never_measured_has_no_margin(tmp_path):
    """Whether there is a file or not."""
    assert find_margin(tmp_path, MACHINE) is None
    keep_margin(tmp_path, MACHINE, 0.02)
    assert find_margin(tmp_path, replace(MACHINE, hostname="other")) is None


@pytest.mark.parametrize(
    "changes", [{"hostname": "other"}, {"cpu_model": "Another CPU"}, {"cpu_count": 2}]
)
def test_each_machine_keeps_its_own(tmp_path, changes):
    """Another CPU, or another number of them, is another machine."""
    twin = replace(MACHINE, **changes)
    keep_margin(tmp_path, MACHINE, 0.02)
    keep_margin(tmp_path, twin, 0.05)
    assert (find_margin(tmp_path, MACHINE), find_margin(tmp_path, twin)) == (0.02, 0.05)


def test_machine_with_another_python_is_the_same(tmp_path):
    """The noise is the machine's."""
    keep_margin(tmp_path, MACHINE, 0.02)
    assert find_margin(tmp_path, replace(MACHINE, python="PyPy", versions={})) == 0.02


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"[]",
        b"1",
        b'{"a": "wide"}',
        b'{"a": null}',
        b'{"a": [1]}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -0.01}',
        b'{"a": 1' + b"0" * 400 + b"}",
        b"\xff\xfe",
    ],
    ids=lambda content: repr(content[:16]),
)
def test_broken_file_is_told_and_not_overwritten(tmp_path, content):
    """It may hold other machines' margins."""
    path = tmp_path / FILE
    path.write_bytes(content)
    for call in (lambda: find_margin(tmp_path, MACHINE), lambda: keep_margin(tmp_path, MACHINE, 1)):
        with pytest.raises(UsageError, match=r"is not a file of margins: .*; delete it") as caught:
            call()
        assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_margin_that_cannot_be_kept_is_told_in_a_sentence(tmp_path):
    """A file is in the way of the folder."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match=r"margins\.json' cannot be written: "):
        keep_margin(tmp_path / "file", MACHINE, 0.02)
