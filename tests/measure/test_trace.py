"""The trace file of a session."""

from __future__ import annotations

import json

import pytest

from crawlbench.base.errors import StorageError
from crawlbench.base.records import TracedRequest
from crawlbench.measure.trace import TRACE_FILE, write_trace
from crawlbench.report.trace_file import load_trace


def note(path, *rows):
    """Write notes as a tracer does and return their path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_trace_counts_from_the_first_connection(tmp_path):
    """Whatever came before it, and wherever it stands."""
    notes = note(
        tmp_path / "a",
        [2, "2", "/b", 200, 50, 1.5, 1.6, 1.7, None],
        [1, "1.1", "/a", 0, 0, 1.25, 1.5, None, None],
    )
    write_trace(tmp_path, {"cell": notes})
    assert list(load_trace(tmp_path)) == [
        TracedRequest("cell", 2, "2", "/b", 200, 50, 0.25, 0.35, 0.45, None),
        TracedRequest("cell", 1, "1.1", "/a", 0, 0, 0.0, 0.25, None, None),
    ]


def test_trace_of_old_connections_counts_from_the_first_request(tmp_path):
    """A strategy may keep its connections from crawl to crawl."""
    notes = note(tmp_path / "a", [0, "1.1", "/a", 200, 9, -5.0, 1.0, 1.5, 2.0])
    write_trace(tmp_path, {"cell": notes})
    assert list(load_trace(tmp_path)) == [
        TracedRequest("cell", 0, "1.1", "/a", 200, 9, -6.0, 0.0, 0.5, 1.0)
    ]


def test_same_notes_are_the_same_file_and_empty_ones_are_none(tmp_path):
    """No clock in it; a cell that made no request has no line."""
    cells = {
        "one": note(tmp_path / "a", [1, "1.1", "/a", 200, 9, 0.0, 0.1, 0.2, 0.3]),
        "two": note(tmp_path / "b"),
        "three": tmp_path / "that the mirror could not make",
    }
    write_trace(tmp_path, cells)
    first = (tmp_path / TRACE_FILE).read_bytes()
    write_trace(tmp_path, cells)
    assert (tmp_path / TRACE_FILE).read_bytes() == first
    assert [request.cell for request in load_trace(tmp_path)] == ["one"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", TRACE_FILE]


def test_trace_that_cannot_be_written_is_a_sentence(tmp_path):
    """It names the file."""
    with pytest.raises(StorageError, match=r"trace\.jsonl\.gz' cannot be written: No such file"):
        write_trace(tmp_path / "none", {})
