"""Files and folders are written whole or not at all, and only regular files are replaced."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.storage import is_stream, whole_folder, write_text
from crawlbench.cli.places import refuse_existing

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has neither")


def test_link_stays_and_its_target_is_replaced(tmp_path):
    """With its mode."""
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to("there/target")
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(target.parent.iterdir()) == [target]


def test_link_to_nothing_makes_its_target(tmp_path):
    """As an open would."""
    (tmp_path / "link").symlink_to("target")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_device_is_written_to_and_stays(tmp_path):
    """A false null device, as who replaces the true one takes it from the whole machine."""
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        device.write_text("x")
    except OSError:
        pytest.skip("only root makes devices, and not everywhere")
    write_text(device, "new")
    assert stat.S_ISCHR(device.stat().st_mode)
    assert is_stream(device)
    assert list(tmp_path.iterdir()) == [device]


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="only Linux has one")
@pytest.mark.parametrize("place", ["/dev/shm", "/dev/../dev/shm"])
def test_file_in_memory_is_a_file(place):
    """It is replaced as a whole, and not without being asked, although it is below `/dev`."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        file = Path(folder, "session.json")
        write_text(file, "old")
        before = file.stat().st_ino
        assert not is_stream(file)
        assert not is_stream(file.parent)
        write_text(file, "new")
        assert file.stat().st_ino != before
        with pytest.raises(UsageError, match="exists already"):
            refuse_existing(file, force=False)


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="there are no names of open files")
@pytest.mark.parametrize("name", ["/dev/fd/{}", "/dev/../dev/fd/{}"])
def test_file_that_is_open_is_written_to_and_stays(tmp_path, name):
    """Whoever opened it would never see a new one."""
    with (tmp_path / "out").open("w+") as file:
        stream = Path(name.format(file.fileno()))
        assert is_stream(stream)
        write_text(stream, "new")
    assert (tmp_path / "out").read_text() == "new"
    assert not is_stream(tmp_path / "out")


def test_pipe_is_written_to_and_stays(tmp_path):
    """Whoever reads from it gets all."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "new" * 50_000)
    reader.join(20)
    assert read == ["new" * 50_000]
    assert pipe.is_fifo()


def test_folder_takes_its_place_when_it_is_filled(tmp_path):
    """Until then nothing is there, and afterwards no draft is left."""
    place = tmp_path / "a" / "b"
    with whole_folder(place) as draft:
        (draft / "file").write_text("whole")
        assert not place.exists()
    assert (place / "file").read_text() == "whole"
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("umask", [0o077, 0o022, 0o002])
def test_what_is_new_is_readable_by_whom_the_umask_says(tmp_path, umask):
    """As what any program makes; a draft itself would be private."""
    before = os.umask(umask)
    try:
        write_text(tmp_path / "file", "new")
        with whole_folder(tmp_path / "folder"):
            pass
        (tmp_path / "usual").mkdir()
        (tmp_path / "usual" / "file").touch()
    finally:
        assert os.umask(before) == umask
    for name, usual in (("file", "usual/file"), ("folder", "usual")):
        assert (tmp_path / name).stat().st_mode == (tmp_path / usual).stat().st_mode


def test_folder_that_is_not_filled_leaves_nothing(tmp_path):
    """Its draft may be elsewhere on the disk."""
    with pytest.raises(FileNotFoundError), whole_folder(tmp_path / "a", tmp_path) as draft:
        (draft / "missing" / "file").write_text("never")
    assert list(tmp_path.iterdir()) == []
