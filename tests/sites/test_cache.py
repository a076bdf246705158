"""Made pages are there as a whole or not at all, whoever dies, hurries or has no room."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.sites.test_manifest import BODY, page

from crawlbench.base.cache import cache_folder, hash_files
from crawlbench.base.errors import UsageError
from crawlbench.sites import cache
from crawlbench.sites.cache import CachedFolder
from crawlbench.sites.manifest import Manifest, encode_manifest

pytestmark = pytest.mark.slow

BUILD = "from crawlbench.sites.subjects.site import SITE; SITE.pages()"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Keep made pages in a folder of the test's own."""
    place = tmp_path / "cache"
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(place))
    return place


def write(folder):
    """Make a site of one page."""
    (folder / "page.html").write_bytes(BODY)
    (folder / "manifest.json").write_bytes(encode_manifest(Manifest(1, "site", (page(),))))


def never(folder):
    raise AssertionError(f"{folder} was made again")


def names(place):
    return sorted(path.name for path in place.iterdir())


def test_pages_are_made_once(place):
    """The second time they are found, and nothing else is left."""
    made = CachedFolder("site", "v1", write)
    assert not made.is_made()
    assert made.open() == place / "site-v1"
    assert made.is_made()
    assert CachedFolder("site", "v1", never).open() == place / "site-v1"
    assert set(names(place)) <= {".site.lock", "site-v1"}


def test_another_version_is_another_folder(place):
    """Two checkouts side by side do not undo each other's work."""
    CachedFolder("site", "v1", write).open()
    CachedFolder("site", "v2", write).open()
    CachedFolder("site", "v1", never).open()
    assert {"site-v1", "site-v2"} <= set(names(place))


def test_a_version_that_nobody_used_for_a_month_is_removed(place):
    """When another is made; a site of another name is left alone."""
    for name in ("site", "other"):
        old = CachedFolder(name, "v1", write).open()
        os.utime(old, (time.time() - 31 * 86_400,) * 2)
    CachedFolder("site", "v2", write).open()
    assert {"site-v2", "other-v1"} == {name for name in names(place) if name[0] != "."}


@pytest.mark.parametrize("harm", ["cut", "gone", "changed", "no manifest"])
def test_a_damaged_folder_is_made_again(harm):
    """A disk that lost power may have lost bytes too."""
    folder = CachedFolder("site", "v1", write).open()
    file = folder / ("manifest.json" if harm == "no manifest" else "page.html")
    if harm in {"gone", "no manifest"}:
        file.unlink()
    else:
        file.write_bytes(BODY[:-1] if harm == "cut" else BODY.upper())
    assert CachedFolder("site", "v1", write).open() == folder
    assert (folder / "page.html").read_bytes() == BODY
    assert {path.name for path in folder.iterdir()} == {"page.html", "manifest.json"}


@pytest.mark.parametrize(
    ("error", "words"),
    [(errno.ENOSPC, "No space left on device"), (errno.EROFS, "Read-only file system")],
)
def test_a_disk_without_room_leaves_nothing(place, error, words):
    """One sentence, with what would help."""

    def fail(folder):
        write(folder)
        raise OSError(error, os.strerror(error))

    with pytest.raises(UsageError) as caught:
        CachedFolder("site", "v1", fail).open()
    assert str(caught.value) == (
        f"cannot make the pages of site in {place} ({words}); "
        "name a folder with room by CRAWLBENCH_CACHE"
    )
    assert set(names(place)) <= {".site.lock"}


def test_a_file_in_the_folders_place_is_refused(place):
    """The cache's own name is taken."""
    place.write_text("")
    with pytest.raises(UsageError, match=r"cannot make the pages of site in .* \(.*\); name a"):
        CachedFolder("site", "v1", write).open()


def test_a_whole_folder_is_used_where_nothing_can_be_written(place, monkeypatch):
    """A cache that an administrator filled for all users."""
    folder = CachedFolder("site", "v1", write).open()

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(cache.os, "utime", refuse)
    monkeypatch.setattr(cache, "_locked", refuse)
    assert CachedFolder("site", "v1", never).open() == folder


def test_where_files_have_no_locks_the_first_wins(place, monkeypatch):
    """Two make the pages at once; the second finds those of the first and takes them."""
    monkeypatch.setitem(sys.modules, "fcntl", None)

    def write_while_another_does(folder):
        write(folder)
        CachedFolder("site", "v1", write).open()

    folder = CachedFolder("site", "v1", write_while_another_does).open()
    assert names(place) == ["site-v1"]
    assert (folder / "page.html").read_bytes() == BODY


@pytest.mark.slow
@pytest.mark.long
def test_sessions_at_once_make_one_folder(place):
    """Four processes start together: all get the pages, which were made once."""
    started = [subprocess.Popen([sys.executable, "-c", BUILD]) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0] * 4
    (folder,) = [place / name for name in names(place) if not name.startswith(".")]
    assert len(list(folder.iterdir())) == 261
    assert names(place) == [".douban-subjects.lock", folder.name]


@pytest.mark.slow
@pytest.mark.long
def test_a_kill_half_way_leaves_nothing_that_is_taken_for_pages(place):
    """What it had made is removed by the next that makes pages."""
    process = subprocess.Popen([sys.executable, "-c", BUILD])
    deadline = time.monotonic() + 30
    while not list(place.glob(".douban-subjects-*/subject-*.html")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert [name for name in names(place) if not name.startswith(".")] == []
    assert list(place.glob(".douban-subjects-*"))
    assert subprocess.run([sys.executable, "-c", BUILD], check=False, timeout=60).returncode == 0
    assert not list(place.glob(".douban-subjects-*"))


def test_place_is_the_platforms_unless_named(monkeypatch):
    """CRAWLBENCH_CACHE, then XDG_CACHE_HOME if absolute, then the home."""
    monkeypatch.delenv("CRAWLBENCH_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/me")
    assert cache_folder() == Path("/var/cache/me/crawlbench")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert cache_folder() == Path.home() / ".cache" / "crawlbench"
    monkeypatch.setenv("CRAWLBENCH_CACHE", "here")
    assert cache_folder() == Path("here").absolute()  # other programs work in other folders
    monkeypatch.delenv("CRAWLBENCH_CACHE")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "crawlbench"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert cache_folder() == Path("/local/crawlbench/Cache")


def test_version_changes_with_names_and_contents(tmp_path):
    """And with nothing else."""
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_text("x")
    other.write_text("y")
    version = hash_files([one, other])
    assert version == hash_files([other, one])
    assert len(version) == 12
    one.write_text("z")
    assert hash_files([one, other]) != version
