"""A folder of pages appears as a whole, and replaces nothing that must not be lost."""

from pathlib import Path

import pytest

from crawlbench.archive.pagefolder import PageFolder, check_target, open_page_folder
from crawlbench.base.errors import StorageError, UsageError
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


@pytest.mark.parametrize("manifest", ['{"name": "App", "icons": []}', "[]", "", '{"format": 9}'])
def test_the_manifest_of_something_else_makes_no_folder_of_ours(workshop, source, manifest):
    """A web application has a manifest.json, too."""
    workshop.target.mkdir()
    (workshop.target / "manifest.json").write_text(manifest)
    assert "does not replace it even with --force" in workshop.refusal(source, force=True)
    assert (workshop.target / "manifest.json").read_text() == manifest


@pytest.mark.parametrize("name", ["notes.txt", "sub/a.html", ".git/config", "page-000099.html"])
def test_a_folder_of_ours_with_something_else_in_it_is_not_replaced(workshop, source, name):
    """The refusal names it; what we write beside the pages does not count."""
    workshop.run(source)
    (workshop.target / "site.expected.json").write_text("{}")
    other = workshop.target / name
    other.parent.mkdir(exist_ok=True)
    other.write_text("mine")
    said = workshop.refusal(source, force=True)
    assert f"({name.partition('/')[0]}), which --force would delete" in said
    assert other.read_text() == "mine"
    other.unlink()
    if other.parent != workshop.target:
        other.parent.rmdir()
    workshop.run(source, force=True)


@pytest.mark.parametrize("read", ["site", "site/page-000001.html", "link", "link/x.warc"])
def test_a_source_that_would_be_replaced_is_refused(workshop, source, read):
    """The folder itself and what is in it, also by way of a link; all of it stays."""
    workshop.run(source)
    (workshop.folder / "link").symlink_to(workshop.target)
    if read.endswith("x.warc"):  # with the name of a page, so that nothing in it is foreign
        source.replace(workshop.target / "page-000001.html")
        read = "link/page-000001.html"
    before = {path.name: path.read_bytes() for path in workshop.target.iterdir()}
    assert "would be deleted" in workshop.refusal(workshop.folder / read, force=True)
    assert {path.name: path.read_bytes() for path in workshop.target.iterdir()} == before


def test_what_came_meanwhile_is_not_deleted(workshop, source):
    """Fetching may take hours, in which the place may have become another's."""
    with open_page_folder(workshop.target, force=True) as folder:
        workshop.target.mkdir()
        (workshop.target / "thesis.txt").write_text("years of work")
        with pytest.raises(UsageError, match="does not replace it even with --force"):
            folder.move_to(workshop.target, "docs.example.org", {}, None, force=True)
    assert (workshop.target / "thesis.txt").read_text() == "years of work"
    assert sorted(p.name for p in workshop.folder.iterdir()) == ["site", "x.warc"]


@pytest.mark.parametrize("name", [".", "..", "./.", "a/..", "/"])
def test_a_place_without_a_name_is_refused(workshop, source, monkeypatch, name):
    """It can be neither written beside its place nor replaced, in either command."""
    monkeypatch.chdir(workshop.folder)
    workshop.target = Path(name)
    for force in (True, False):
        assert "has no name of its own" in workshop.refusal(source, force=force)


def test_an_empty_folder_is_filled(workshop, source):
    """Somebody made it for this."""
    workshop.target.mkdir()
    workshop.run(source)
    assert workshop.pages() == {"/": page()}


def test_places_that_cannot_be_are_refused(workshop, source):
    """A file, a link wherever it leads, and a folder whose parent is missing."""
    workshop.target.symlink_to(workshop.folder)
    assert "is no folder" in workshop.refusal(source)
    workshop.target.unlink()
    workshop.target.symlink_to("nowhere")
    for force in (True, False):
        with pytest.raises(UsageError, match="is no folder"):  # before anything is fetched
            check_target(workshop.target, force=force)
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
