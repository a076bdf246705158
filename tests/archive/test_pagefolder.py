"""A folder of pages appears as a whole, and replaces nothing that must not be lost."""

import pytest

from crawlbench.archive.pagefolder import PageFolder
from crawlbench.base.errors import StorageError
from tests.archive.archives import HOST, page, response, write_warc


@pytest.fixture
def source(workshop):
    return write_warc(workshop.folder / "x.warc", response(f"{HOST}/", page()))


def test_a_full_folder_is_not_replaced_unless_forced(workshop, source):
    """With --force a folder of ours is; the site file that a person edited stays."""
    workshop.run(source)
    (workshop.target / "site.toml").write_text("mine")
    assert "replace it with --force" in workshop.refusal(source)
    workshop.run(source, force=True)
    assert (workshop.target / "site.toml").read_text() == "mine"
    assert sorted(p.name for p in workshop.folder.iterdir()) == ["site", "x.warc"]


def test_a_folder_of_something_else_is_never_replaced(workshop, source):
    """Not even with --force."""
    workshop.target.mkdir()
    (workshop.target / "thesis.txt").write_text("years of work")
    assert "does not replace it even with --force" in workshop.refusal(source, force=True)


def test_an_empty_folder_is_filled(workshop, source):
    """Somebody made it for this."""
    workshop.target.mkdir()
    workshop.run(source)
    assert workshop.pages() == {"/": page()}


def test_places_that_cannot_be_are_refused(workshop, source):
    """A file, and a folder whose parent is missing."""
    workshop.target = workshop.folder / "x.warc"
    assert "is no folder" in workshop.refusal(source)
    workshop.target = workshop.folder / "no" / "site"
    assert "there is no folder" in workshop.refusal(source)


def test_a_site_file_is_written_only_if_wanted(workshop, source):
    """And can be used as it is."""
    workshop.run(source, site_file=False)
    assert not (workshop.target / "site.toml").exists()


def test_a_full_disk_leaves_nothing(workshop, source, monkeypatch):
    """Neither the new folder nor a temporary one."""

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(StorageError, match="No space left on device"):
        workshop.run(source)
    assert [p.name for p in workshop.folder.iterdir()] == ["x.warc"]


def test_the_old_folder_is_back_if_the_new_cannot_take_its_place(workshop, source, monkeypatch):
    """A rename that fails loses nothing."""
    workshop.run(source)
    rename = PageFolder.__module__ and type(workshop.folder).rename

    def fail_once(self, target):
        if self.name.startswith(".site.") and not self.name.endswith(".old"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(workshop.folder), "rename", fail_once)
    with pytest.raises(StorageError):
        workshop.run(source, force=True)
    assert workshop.pages() == {"/": page()}
    assert sorted(p.name for p in workshop.folder.iterdir()) == ["site", "x.warc"]
