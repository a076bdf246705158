"""The list of a fixture folder's pages: address, file, hash, headers (floor 1).

A page is served only when its bytes are those that the manifest promises.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec

from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MANIFEST_NAME: Final = "manifest.json"

FORMAT: Final = 1
"""Raised when a reader of the old format would misread the new one."""

_PLAIN_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
"""What a page's file may be called: no folder, no drive, no hidden file, alike on each platform."""

BUILD: Final = "run: crawlbench mirror build"
"""What helps where our own pages are not as they should be."""

MAX_KEPT_BYTES: Final = 256 * 2**20
"""Of bodies in the memory of one mirror; a larger site is read from disk."""


class ManifestPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One page as the mirror serves it."""

    address: str
    """Path and query, without origin."""
    file: str
    """Plain name within the manifest's folder."""
    sha256: str
    """Of the body, in lower-case hex."""
    body_bytes: int
    """Length of the body before any coding."""
    headers: dict[str, str]
    """Those that do not depend on the request."""
    aliases: tuple[str, ...] = ()
    """Other addresses of the page, such as one that the real site redirected to it."""
    encoding: str = ""
    """That the page says it is in, by header, mark or markup; empty if it does not say."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All pages of one site, in the order of the list."""

    format: int
    """Number of this file's format."""
    site: str
    """Name of the site, as on the command line."""
    pages: tuple[ManifestPage, ...]
    """Each address once."""


class _Header(msgspec.Struct, frozen=True):
    """The one field that every format has."""

    format: int


class FolderPages:
    """A `PageSource`: the pages of a folder with a manifest.

    All are read and checked once; as many as fit are kept in memory, and the others read when
    they are asked for.
    """

    def __init__(
        self,
        folder: Path,
        page_address: Callable[[str], str],
        remedy: str = BUILD,
        most_kept_bytes: int = MAX_KEPT_BYTES,
    ) -> None:
        """Read and check all pages; of two whose addresses are one, the first stays.

        Args:
            folder: with a manifest.
            page_address: gives a page's address its one spelling.
            remedy: ends the sentence with which a folder is refused.
            most_kept_bytes: that the kept bodies may take in all.

        Raises:
            UsageError: as `load_manifest`.
        """
        self._folder = folder
        self._remedy = remedy
        self._page_address = page_address
        self._pages: dict[str, ManifestPage] = {}
        self._bodies: dict[str, bytes] = {}
        for page in decode_manifest(folder, remedy).pages:
            address = page_address(page.address)
            self._pages.setdefault(address, page)
            body = read_body(folder, page, remedy)
            if self._pages[address] is page and len(body) <= most_kept_bytes:
                self._bodies[address] = body
                most_kept_bytes -= len(body)

    def addresses(self) -> list[str]:
        """See `ListedSource.addresses`."""
        return list(self._pages)

    def find(self, address: str) -> str | None:
        """See `PageSource.find`."""
        address = self._page_address(address)
        return address if address in self._pages else None

    def read(self, address: str) -> tuple[dict[str, str], bytes]:
        """See `PageSource.read`."""
        page = self._pages[address]
        body = self._bodies.get(address)
        if body is None:
            body = read_body(self._folder, page, self._remedy)
        return page.headers, body


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as indented UTF-8 JSON that ends in a newline."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def load_manifest(folder: Path) -> Manifest:
    """Read and check a folder's manifest and the bodies of all its pages.

    Raises:
        UsageError: there is none, it is broken or of another format, it names an address twice,
            or a page's file is missing, changed, or not a plain file of the folder.
    """
    manifest = decode_manifest(folder)
    for page in manifest.pages:
        read_body(folder, page)
    return manifest


def decode_manifest(folder: Path, remedy: str = BUILD) -> Manifest:
    """Read a folder's manifest, but not the pages.

    Raises:
        UsageError: there is none, it is broken or of another format, or names an address twice.
    """
    manifest = _decode(folder / MANIFEST_NAME, remedy)
    seen: set[str] = set()
    for page in manifest.pages:
        if page.address in seen:
            failure = f"{MANIFEST_NAME} in {folder} names the address {page.address!r} twice"
            raise _refuse(failure, remedy)
        seen.add(page.address)
    return manifest


def read_body(folder: Path, page: ManifestPage, remedy: str = BUILD) -> bytes:
    """Read one page's body and check it against its hash and length.

    Raises:
        UsageError: the file's name leaves the folder, or the file is missing or changed.
    """
    if not _PLAIN_NAME.fullmatch(page.file):
        failure = f"the file {page.file!r} of {page.address} is not a plain name in {folder}"
        raise _refuse(failure, remedy)
    path = folder / page.file
    # Even one to the right bytes is refused: later it may lead elsewhere.
    if path.is_symlink():
        failure = f"the file {page.file!r} of {page.address} is a symbolic link in {folder}"
        raise _refuse(failure, remedy)
    body = _read(path, remedy)
    digest = hashlib.sha256(body).hexdigest()
    if (digest, len(body)) != (page.sha256, page.body_bytes):
        raise _refuse(
            f"{path} has {len(body)} bytes with SHA-256 {digest}, "
            f"but the manifest has {page.body_bytes} with {page.sha256}",
            remedy,
        )
    return body


def _decode(path: Path, remedy: str) -> Manifest:
    text = _read(path, remedy)
    try:
        # The number first: another format may have fields with which the rest of this would fail.
        number = msgspec.json.decode(text, type=_Header).format
        if number != FORMAT:
            failure = f"{path} has the format {number}, but this crawlbench reads {FORMAT}"
            raise _refuse(failure, remedy)
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refuse(f"{path} is not a manifest ({error})", remedy) from error


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refuse(f"cannot read {path} ({error.strerror})", remedy) from error


def _refuse(failure: str, remedy: str) -> UsageError:
    return UsageError(f"{failure}; {remedy}")
