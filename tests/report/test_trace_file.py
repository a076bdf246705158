"""Reading `trace.jsonl.gz`."""

from __future__ import annotations

import gzip
import json

import msgspec
import pytest

from crawlbench.base.errors import SessionFileError
from crawlbench.report.trace_file import TRACE_FILE, load_trace
from tests.report.traces import traced

PACKED = gzip.compress(b"x" * 99)


def write(folder, *lines):
    (folder / TRACE_FILE).write_bytes(gzip.compress(b"\n".join(lines)))


def test_session_without_a_trace_has_no_requests(tmp_path):
    """That is no mistake."""
    assert load_trace(tmp_path) == ()


@pytest.mark.parametrize("head", [(), (json.dumps({"format": 1}).encode(),)], ids=["bare", "head"])
def test_requests_come_back_equal(tmp_path, head):
    """With a first line that tells the format, or without."""
    requests = traced("a")
    write(tmp_path, *head, *map(msgspec.json.encode, requests), b"")
    assert load_trace(tmp_path) == requests


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        gzip.compress(b"hello"),
        gzip.compress(b"{}"),
        PACKED[:-9],
        PACKED[:10] + b"\xff" * 9,
        PACKED[:-8] + bytes(8),
        gzip.compress(b'{"cell": "\xff"}'),
        gzip.compress(b'{"x":' + b"[" * 99_999),
    ],
    ids=["text", "no JSON", "no request", "cut off", "deflate", "checksum", "UTF-8", "nested"],
)
def test_broken_trace_is_told_in_a_sentence(tmp_path, content):
    """Whatever is wrong with it."""
    (tmp_path / TRACE_FILE).write_bytes(content)
    with pytest.raises(SessionFileError, match=r"trace\.jsonl\.gz cannot be read: ") as caught:
        load_trace(tmp_path)
    assert "\n" not in str(caught.value)


def test_other_format_is_told_as_such(tmp_path):
    """Before anything else of it is read."""
    write(tmp_path, b'{"format": 9}', b"strange")
    with pytest.raises(SessionFileError, match="has format 9, this crawlbench reads 1"):
        load_trace(tmp_path)
