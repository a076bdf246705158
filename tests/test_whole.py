"""Files are written whole or not at all, and only regular files are replaced."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from crawlbench.whole import is_stream, write_bytes, write_text


def test_device_is_written_to_and_stays_one():
    """Root once left a regular file in the place of the null device."""
    write_bytes(Path(os.devnull), b"x")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_link_stays_and_its_target_is_replaced(tmp_path):
    """Also one that leads to nothing yet."""
    (tmp_path / "real").write_text("old", encoding="utf-8")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "new").symlink_to("later")
    write_text(tmp_path / "link", "new")
    write_text(tmp_path / "new", "first")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == "new"
    assert (tmp_path / "later").read_text(encoding="utf-8") == "first"


def test_mode_is_kept(tmp_path):
    """A private file stays private, a new one can be read by others."""
    private = tmp_path / "private"
    private.write_text("old", encoding="utf-8")
    private.chmod(0o600)
    write_text(private, "new")
    write_text(tmp_path / "fresh", "new")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o644


def test_pipe_is_written_to(tmp_path):
    """Whoever reads gets it, and the pipe is still there."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    thread = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    thread.start()
    write_bytes(pipe, b"content")
    thread.join(10)
    assert read == [b"content"]
    assert is_stream(pipe)


def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    """No draft is left either."""
    file = tmp_path / "file"
    file.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_text(file, "\ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_text(encoding="utf-8") == "old"
