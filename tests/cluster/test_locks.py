"""The folder of locks is this user's alone."""

from __future__ import annotations

import os
import tempfile

import pytest

from crawlbench.base.errors import StorageError
from crawlbench.cluster.locks import hold_cpus, locks_folder

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="owners and modes of Unix")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return where the folder is to be; it is not there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"crawlbench-{os.getuid()}"


def test_own_folder_is_made_and_taken_again(folder):
    """With a mode that lets nobody else in; one that others may read is harmless."""
    assert locks_folder() == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with hold_cpus([0]):
        assert (folder / "cpu-0.lock").exists()


@pytest.mark.parametrize("mode", [0o777, 0o720, 0o1777])
def test_folder_that_others_may_write_to_is_refused(folder, mode):
    """One sentence names it, its mode, and what helps."""
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(StorageError, match=rf"mode is {mode:04o}\).*remove it, or set TMPDIR"):
        locks_folder()


def test_folder_of_another_user_is_refused(folder, monkeypatch):
    """Whoever made it could hold the locks for ever."""
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    folder.with_name(f"crawlbench-{other}").mkdir(mode=0o700)
    with pytest.raises(StorageError, match=f"belongs to the user with the id {other - 1}"):
        locks_folder()


def test_what_is_no_folder_is_refused(folder, tmp_path):
    """A link to a folder, or a file."""
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="is no folder"):
        locks_folder()
    folder.unlink()
    folder.write_text("")
    with pytest.raises(StorageError, match="cannot be made: File exists"):
        locks_folder()
