"""Temporary folders: gone when their process ends, however it ends."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import command_line

from crawlbench.base import rooms
from crawlbench.base.rooms import open_room

HOLDER = """
import sys
from crawlbench.base.rooms import open_room
with open_room() as room:
    print(room.parent, flush=True)
    sys.stdin.read()
"""


def hold(folder):
    """Start a process that has a room while its input is open."""
    environment = command_line()["env"] | {"TMPDIR": str(folder)}
    pipe = subprocess.PIPE
    call = [sys.executable, "-c", HOLDER]
    return subprocess.Popen(call, env=environment, stdin=pipe, stdout=pipe, text=True)


def test_room_of_a_killed_process_is_removed_by_the_next(tmp_path, monkeypatch):
    """That of one that lives is not, nor what only has such a name; its own goes at the end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(rooms, "_held", {})
    notes = tmp_path / f"{rooms.PREFIX}notes"
    notes.mkdir()
    with hold(tmp_path) as dead, hold(tmp_path) as alive:
        left, used = (Path(one.stdout.readline().strip()) for one in (dead, alive))
        dead.kill()
        dead.wait()
        assert left.is_dir()
        with open_room() as own:
            assert set(tmp_path.glob("crawlbench-*")) == {own.parent, used, notes}
            with open_room() as other:
                assert other.parent == own.parent
        assert not own.exists()
        alive.stdin.close()
        alive.wait()
    assert not used.exists()
