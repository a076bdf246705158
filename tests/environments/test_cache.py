"""What is kept: who uses it, and what is no longer understood."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import psutil
import pytest

from crawlbench.base.errors import UsageError
from crawlbench.cli import environments as command
from crawlbench.environments.cache import (
    READY_FILE,
    USERS,
    Kept,
    environments_folder,
    kept_environments,
    note_use,
    remove_environment,
)
from tests.environments.projects import built

USE = """
import sys
from pathlib import Path
from crawlbench.environments.cache import note_use
note_use(Path(sys.argv[1]))
print("noted", flush=True)
sys.stdin.read()
"""
pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def kept():
    """Return the folder of an environment."""
    folder = environments_folder() / "abc"
    folder.mkdir(parents=True)
    return folder


def test_environment_in_use_is_not_removed_and_its_mark_goes_with_its_process(kept):
    command = [sys.executable, "-c", USE, str(kept)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as user:
        assert user.stdout.readline() == b"noted\n"
        with pytest.raises(UsageError, match=f"is used by process {user.pid};"):
            remove_environment("abc")
        user.communicate()
    assert list((kept / USERS).iterdir()) == []
    remove_environment("abc")
    assert not kept.exists()


def test_mark_of_another_process_with_that_number_does_not_count(kept):
    """The parent of the tests lives, but did not start when the mark says."""
    parent = psutil.Process(os.getppid())
    (kept / USERS).mkdir()
    mark = kept / USERS / str(parent.pid)
    mark.write_text(str(parent.create_time()))
    with pytest.raises(UsageError, match=f"is used by process {parent.pid};"):
        remove_environment("abc")
    mark.write_text(str(parent.create_time() - 3600))
    note_use(kept)
    assert [user.name for user in (kept / USERS).iterdir()] == [str(os.getpid())]
    remove_environment("abc")


def test_mark_of_which_nothing_more_is_known_counts(kept):
    (kept / USERS).mkdir()
    (kept / USERS / str(os.getppid())).touch()
    with pytest.raises(UsageError, match="is used by process"):
        remove_environment("abc")


def test_what_cannot_be_removed_is_said(monkeypatch):
    def fail(key):
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(command, "remove_environment", fail)
    with pytest.raises(UsageError, match=r"abc cannot be removed: .*Permission denied"):
        command.remove(["abc"], everything=False)


def test_environment_that_nobody_has_used_is_listed_by_when_it_was_built(kept):
    """Its build's process was killed before it noted its use; half a build is none."""
    assert kept_environments() == []
    (kept / READY_FILE).write_bytes(msgspec.json.encode(Kept("abc", "", "3.13")))
    os.utime(kept / READY_FILE, (0, 0))
    (found,) = kept_environments()
    assert (found.key, found.used) == ("abc", "1970-01-01T00:00:00+00:00")
    note_use(kept)
    (found,) = kept_environments()
    assert found.used > "2000"


@pytest.mark.slow
@pytest.mark.long  # in test_building.py one that is not ready is built again
@pytest.mark.parametrize("content", ["{}", "not JSON", '{"key": 1}'])
def test_environment_of_another_format_is_built_again(content):
    facts, _ = built("own=")
    ready = environments_folder() / facts.key / READY_FILE
    ready.write_text(content)
    again, told = built("own=")
    assert told
    assert again == facts
