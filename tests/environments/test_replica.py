"""The copy of crawlbench for other Pythons: whole or not there, and what a kill left goes."""

from __future__ import annotations

import os

import pytest

from crawlbench.environments import replica
from crawlbench.environments.replica import own_library


@pytest.fixture
def cache(own_cache, monkeypatch):
    """Return an empty cache; what is copied into it is one file."""
    monkeypatch.setattr(replica, "_version", lambda: "new")
    monkeypatch.setattr(replica, "_copy_to", lambda draft: (draft / "file").write_text("ours"))
    return own_cache


def make(folder, age_s):
    folder.mkdir()
    then = folder.stat().st_mtime - age_s
    os.utime(folder, (then, then))


def test_what_a_kill_left_is_removed_and_what_others_fill_is_not(cache):
    """Of other versions too, those that nobody has used for a month."""
    make(cache / ".crawlbench-old", 7200)
    make(cache / ".crawlbench-new", 60)
    make(cache / "library-old", 31 * 86_400)
    make(cache / "library-other", 86_400)
    assert own_library() == own_library() == cache / "library-new"
    assert (cache / "library-new" / "file").read_text() == "ours"
    assert {path.name for path in cache.iterdir()} == {
        *("library-new", "library-other", ".crawlbench-new"),
    }


def test_copy_of_a_faster_process_is_taken(cache, monkeypatch):
    def be_slower(draft):
        (draft / "file").write_text("ours")
        (cache / "library-new").mkdir()
        (cache / "library-new" / "file").write_text("theirs")

    monkeypatch.setattr(replica, "_copy_to", be_slower)
    assert (own_library() / "file").read_text() == "theirs"
    assert [path.name for path in cache.iterdir()] == ["library-new"]


def test_copy_that_cannot_be_written_leaves_nothing(cache, monkeypatch):
    def fill_up(draft):
        (draft / "file").write_text("ou")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replica, "_copy_to", fill_up)
    with pytest.raises(OSError, match="No space left"):
        own_library()
    assert list(cache.iterdir()) == []
