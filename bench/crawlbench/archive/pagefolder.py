"""A folder of pages in the making: written beside its place, and moved there when whole (floor 4).

File names are numbers of ours, whatever the archive calls its pages.
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

from crawlbench.base.errors import StorageError, UsageError
from crawlbench.sites.manifest import (
    FORMAT,
    MANIFEST_NAME,
    Manifest,
    ManifestPage,
    encode_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["SITE_FILE", "PageFolder", "check_target", "open_page_folder"]

SITE_FILE = "site.toml"


class PageFolder:
    """Collects pages as they come; `move_to` makes a site's folder of them."""

    def __init__(self, work: Path, pages: Iterable[ManifestPage] = ()) -> None:
        """Write into an existing folder, which may already hold some pages.

        Args:
            work: on the disk where the pages will be.
            pages: that the folder holds.
        """
        self.work = work
        self._pages: dict[str, ManifestPage] = {page.address: page for page in pages}

    def __len__(self) -> int:
        """Return how many pages there are."""
        return len(self._pages)

    def __contains__(self, address: str) -> bool:
        """Return whether there is a page at this address."""
        return address in self._pages

    def holds_same(self, address: str, body: bytes) -> bool:
        """Return whether the page at this address has this body."""
        return self._pages[address].sha256 == hashlib.sha256(body).hexdigest()

    def add(
        self, address: str, headers: dict[str, str], body: bytes, encoding: str = ""
    ) -> ManifestPage:
        """Write one more page and return its entry in the manifest.

        Args:
            address: spelled.
            headers: to serve it with.
            body: without any coding.
            encoding: what the page declares; empty if it declares none.

        Raises:
            StorageError: the disk refuses.
        """
        name = f"page-{len(self._pages) + 1:06}.html"
        digest = hashlib.sha256(body).hexdigest()
        page = ManifestPage(address, name, digest, len(body), headers, encoding=encoding)
        with _storage(self.work):
            (self.work / name).write_bytes(body)
        self._pages[address] = page
        return page

    def move_to(
        self, target: Path, site: str, aliases: Mapping[str, Iterable[str]], site_file: str | None
    ) -> None:
        """Write the manifest, and put the whole folder in its place at once.

        A site file that a person has put into the replaced folder stays.

        Args:
            target: where the folder should be.
            site: name of the site.
            aliases: other addresses by page, without those that are pages themselves.
            site_file: text of one to begin with; None for none.

        Raises:
            StorageError: the disk refuses; what was there before is still there.
        """
        pages = tuple(self._with_aliases(page, aliases) for page in self._pages.values())
        with _storage(target):
            (self.work / MANIFEST_NAME).write_bytes(encode_manifest(Manifest(FORMAT, site, pages)))
            if site_file is not None:
                (self.work / SITE_FILE).write_text(site_file, encoding="utf-8")
            if (target / SITE_FILE).is_file():
                shutil.copyfile(target / SITE_FILE, self.work / SITE_FILE)
            self.work.chmod(0o777 & ~_umask())
            _replace_folder(self.work, target)

    def _with_aliases(
        self, page: ManifestPage, aliases: Mapping[str, Iterable[str]]
    ) -> ManifestPage:
        own = dict.fromkeys(alias for alias in aliases.get(page.address, ()) if alias not in self)
        return msgspec.structs.replace(page, aliases=tuple(own))


def check_target(target: Path, *, force: bool) -> None:
    """Refuse a place that holds something that must not be lost.

    Raises:
        UsageError: it is not a folder, or it holds something: without `force` anything at all, with
            it anything but a folder of pages.
    """
    if not target.exists():
        if not target.absolute().parent.is_dir():
            raise UsageError(f"cannot write {target}: there is no folder {target.parent}; make it")
        return
    if not target.is_dir() or target.is_symlink():
        raise UsageError(f"{target} is there already and is no folder; name another place")
    entries = sorted(entry.name for entry in target.iterdir())
    if entries and not force:
        raise UsageError(
            f"the folder {target} is there already ({', '.join(entries[:3])} ...); "
            "name another, or replace it with --force"
        )
    if entries and MANIFEST_NAME not in entries:
        raise UsageError(
            f"the folder {target} holds no {MANIFEST_NAME}, so it is not one of ours and is not "
            "replaced even with --force; name another"
        )


@contextlib.contextmanager
def open_page_folder(target: Path, *, force: bool) -> Iterator[PageFolder]:
    """Provide a folder beside the target to write pages to, which is always gone at the end.

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
        shutil.rmtree(work, ignore_errors=True)


def _replace_folder(work: Path, target: Path) -> None:
    """Rename, via a third name if there is a folder already; put that back on failure."""
    if not target.exists():
        work.rename(target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
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


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
