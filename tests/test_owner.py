"""A session's folder is written by one process at a time, and whoever comes second is told.

`tests/test_session.py` has the commands.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.measure.owner import LOCK_FILE, OWNER_FILE, own

HOLDER = """
import sys
from pathlib import Path
from crawlbench.measure.owner import own
with own(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder):
    pipe = subprocess.PIPE
    call = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(call, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_second_writer_is_told_who_holds_the_folder(tmp_path):
    """However often the first has asked for it itself."""
    with hold(tmp_path) as first:
        words = f"is being written by process {first.pid} on "
        with pytest.raises(UsageError, match=words), own(tmp_path):
            pass
        first.stdin.close()
        first.wait()
    with own(tmp_path), own(tmp_path):
        assert (tmp_path / OWNER_FILE).exists()
    assert not (tmp_path / OWNER_FILE).exists()


def test_lock_of_a_killed_writer_is_gone_with_it(tmp_path):
    """And so are the drafts of what it was writing."""
    draft = tmp_path / ".session.json-abc.json"
    with hold(tmp_path) as first:
        draft.write_text("{", encoding="utf-8")
        first.kill()
        first.wait()
    with own(tmp_path):
        assert not draft.exists()
    assert (tmp_path / LOCK_FILE).exists()


def test_folder_that_may_not_be_written_is_told_with_a_way_out(tmp_path, monkeypatch):
    """Root may write anywhere, so the lock is made to fail."""

    def fail(_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("crawlbench.measure.owner.FileLock.acquire", fail)
        with (
            pytest.raises(UsageError, match="Permission denied; name another folder with -o"),
            own(tmp_path),
        ):
            pass
    with own(tmp_path):
        pass
