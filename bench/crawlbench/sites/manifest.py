"""The list of a fixture folder's pages: address, file, hash, headers (floor 1).

A page is served only when its bytes are those that the manifest promises.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec

from crawlbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "FORMAT",
    "MANIFEST_NAME",
    "FolderPages",
    "Manifest",
    "ManifestPage",
    "encode_manifest",
    "load_manifest",
    "read_body",
]

MANIFEST_NAME: Final = "manifest.json"

FORMAT: Final = 1
"""Raised when a reader of the old format would misread the new one."""

_PLAIN_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
"""What a page's file may be called: no folder, no drive, no hidden file, alike on each platform."""

_REMEDY = "run: crawlbench mirror build"


class ManifestPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
    """A `PageSource`: the pages of a folder with a manifest, all held in memory."""

    def __init__(self, folder: Path, page_address: Callable[[str], str]) -> None:
        """Read and check all pages.

        Raises:
            UsageError: as `load_manifest`.
        """
        pages = load_manifest(folder).pages
        self._pages = {page.address: (page.headers, read_body(folder, page)) for page in pages}
        self._page_address = page_address

    def find(self, address: str) -> str | None:
        """See `PageSource.find`."""
        address = self._page_address(address)
        return address if address in self._pages else None

    def read(self, address: str) -> tuple[dict[str, str], bytes]:
        """See `PageSource.read`."""
        return self._pages[address]


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as indented UTF-8 JSON that ends in a newline."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def load_manifest(folder: Path) -> Manifest:
    """Read and check a folder's manifest and the bodies of all its pages.

    Raises:
        UsageError: there is none, it is broken or of another format, it names an address twice,
            or a page's file is missing, changed, or not a plain file of the folder.
    """
    manifest = _decode(folder / MANIFEST_NAME)
    seen: set[str] = set()
    for page in manifest.pages:
        if page.address in seen:
            raise _refuse(f"{MANIFEST_NAME} in {folder} names the address {page.address!r} twice")
        seen.add(page.address)
        read_body(folder, page)
    return manifest


def read_body(folder: Path, page: ManifestPage) -> bytes:
    """Read one page's body and check it against its hash and length.

    Raises:
        UsageError: the file's name leaves the folder, or the file is missing or changed.
    """
    if not _PLAIN_NAME.fullmatch(page.file):
        raise _refuse(f"the file {page.file!r} of {page.address} is not a plain name in {folder}")
    path = folder / page.file
    if path.is_symlink():
        raise _refuse(f"the file {page.file!r} of {page.address} is a symbolic link in {folder}")
    body = _read(path)
    digest = hashlib.sha256(body).hexdigest()
    if (digest, len(body)) != (page.sha256, page.body_bytes):
        raise _refuse(
            f"{path} has {len(body)} bytes with SHA-256 {digest}, "
            f"but the manifest has {page.body_bytes} with {page.sha256}"
        )
    return body


def _decode(path: Path) -> Manifest:
    text = _read(path)
    try:
        number = msgspec.json.decode(text, type=_Header).format
        if number != FORMAT:
            raise _refuse(f"{path} has the format {number}, but this crawlbench reads {FORMAT}")
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refuse(f"{path} is not a manifest ({error})") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refuse(f"cannot read {path} ({error.strerror})") from error


def _refuse(failure: str) -> UsageError:
    return UsageError(f"{failure}; {_REMEDY}")
