"""A folder of pages that is written beside its place and moved there when complete (floor 4).

Files are numbered; the names that the archive gives its pages are not used.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from crawlbench.archive.journal import JOURNAL_NAME
from crawlbench.base.errors import StorageError, UsageError
from crawlbench.base.storage import FOLDER_MODE, usual_mode
from crawlbench.sites.expected import expected_path
from crawlbench.sites.manifest import (
    FORMAT,
    MANIFEST_NAME,
    Manifest,
    ManifestPage,
    decode_manifest,
    encode_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SITE_FILE = "site.toml"

_OWN = frozenset({MANIFEST_NAME, SITE_FILE, expected_path(Path(SITE_FILE)).name, JOURNAL_NAME})
"""What we write beside the pages; a journal stays only if we are killed as a recording ends."""


class PageFolder:
    """Collects pages one by one; `move_to` makes a site's folder out of them."""

    def __init__(self, work: Path, pages: Iterable[ManifestPage] = ()) -> None:
        """Write into an existing folder, which may already hold some pages.

        Args:
            work: the folder, on the same disk as the final one.
            pages: the pages that the folder already has.
        """
        self.work = work
        self._pages: dict[str, ManifestPage] = {page.address: page for page in pages}

    def __len__(self) -> int:
        """Return how many pages the folder has."""
        return len(self._pages)

    def __contains__(self, address: object) -> bool:
        """Return whether the folder has a page at this address."""
        return address in self._pages

    def holds_same(self, address: str, body: bytes) -> bool:
        """Return whether the page at this address has this body."""
        return self._pages[address].sha256 == hashlib.sha256(body).hexdigest()

    def add(
        self, address: str, headers: dict[str, str], body: bytes, encoding: str = ""
    ) -> ManifestPage:
        """Write one more page and return its entry in the manifest.

        Args:
            address: the page's spelled address.
            headers: the headers to serve it with.
            body: the decoded body.
            encoding: the encoding that the page declares; empty if there is none.

        Raises:
            StorageError: the page cannot be written.
        """
        # Counted by pages: if a kill left a file whose page was not noted, it is written over.
        name = f"page-{len(self._pages) + 1:06}.html"
        digest = hashlib.sha256(body).hexdigest()
        page = ManifestPage(address, name, digest, len(body), headers, encoding=encoding)
        with _storage(self.work):
            (self.work / name).write_bytes(body)
        self._pages[address] = page
        return page

    def move_to(
        self,
        target: Path,
        site: str,
        aliases: Mapping[str, Iterable[str]],
        site_file: str | None,
        *,
        force: bool,
    ) -> None:
        """Write the manifest, and move the whole folder to its place at once.

        A site file that the user has put into the replaced folder is kept.

        Args:
            target: the place of the folder.
            site: the site's name.
            aliases: other addresses of each page, without those that are pages themselves.
            site_file: the text of a site file to begin with; None for none.
            force: whether to replace an existing folder of pages.

        Raises:
            UsageError: as for `check_target`, because of what has come there meanwhile.
            StorageError: the folder cannot be written; the earlier one is unchanged.
        """
        pages = tuple(self._with_aliases(page, aliases) for page in self._pages.values())
        with _storage(target):
            (self.work / MANIFEST_NAME).write_bytes(encode_manifest(Manifest(FORMAT, site, pages)))
            if site_file is not None:
                (self.work / SITE_FILE).write_text(site_file, encoding="utf-8")
            if (target / SITE_FILE).is_file():
                shutil.copyfile(target / SITE_FILE, self.work / SITE_FILE)
            self.work.chmod(usual_mode(FOLDER_MODE))  # mkdtemp made it private
            _replace_folder(self.work, target, force=force)

    def _with_aliases(
        self, page: ManifestPage, aliases: Mapping[str, Iterable[str]]
    ) -> ManifestPage:
        own = dict.fromkeys(alias for alias in aliases.get(page.address, ()) if alias not in self)
        return msgspec.structs.replace(page, aliases=tuple(own))


def check_target(target: Path, *, force: bool) -> None:
    """Refuse a place if something there must not be lost.

    Raises:
        UsageError: it has no name, is not a folder, or is not empty; with `force` a folder of
            pages in which nothing else is is accepted as well.
    """
    if target.name in {"", ".."}:  # it could neither be written beside its place nor be replaced
        raise UsageError(f"{target} has no name of its own; name the folder to make, such as pages")
    if not (target.exists() or target.is_symlink()):  # a link may lead nowhere
        if not target.absolute().parent.is_dir():
            raise UsageError(f"cannot write {target}: there is no folder {target.parent}; make it")
        return
    if not target.is_dir() or target.is_symlink():
        raise UsageError(f"{target} exists already and is no folder; name another place")
    entries = sorted(entry.name for entry in target.iterdir())
    if entries and not force:
        raise UsageError(
            f"the folder {target} exists already ({', '.join(entries[:3])} ...); "
            "name another, or replace it with --force"
        )
    if entries:
        _refuse_foreign(target)


def _refuse_foreign(target: Path) -> None:
    """Refuse to replace a folder that is not ours, or in which something else is as well.

    Other programs have a manifest.json, too, such as a web application.
    """
    try:
        pages = decode_manifest(target).pages
    except UsageError as error:
        raise UsageError(
            f"the folder {target} has no {MANIFEST_NAME} that lists pages, so crawlbench did not "
            "make it and does not replace it even with --force; name another"
        ) from error
    ours = _OWN.union(page.file for page in pages)
    entries = sorted(target.iterdir())
    foreign = [entry.name for entry in entries if entry.name not in ours or entry.is_dir()]
    if foreign:
        raise UsageError(
            f"the folder {target} also contains files that crawlbench did not write "
            f"({', '.join(foreign[:3])}), which --force would delete; move them elsewhere"
        )


@contextlib.contextmanager
def open_page_folder(target: Path, *, force: bool) -> Iterator[PageFolder]:
    """Provide a folder beside the target to write pages to; it is removed at the end.

    Raises:
        UsageError: as for `check_target`.
        StorageError: no folder can be made there.
    """
    check_target(target, force=force)
    with _storage(target):
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.absolute().parent))
    try:
        yield PageFolder(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)  # already gone if it was moved


def _replace_folder(work: Path, target: Path, *, force: bool) -> None:
    """Rename the work folder; an existing target is renamed first, and restored on failure.

    Fetching may have taken hours, so what may be replaced is asked once more.
    """
    check_target(target, force=force)
    if not target.exists():
        work.rename(target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    # If we are killed between the two renames, the old folder is still there under its other name.
    target.rename(old)
    try:
        work.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _storage(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot write to {place} ({error.strerror or error})") from error
