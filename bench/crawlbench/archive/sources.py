"""Recognizes archives by their content rather than their names, and opens them (floor 4)."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from crawlbench.archive.capture import MAX_PAGE_BYTES, SkippedError
from crawlbench.archive.decode import GZIP_MAGIC, TooLargeError, bounded, gunzip, open_gunzip
from crawlbench.archive.folder import read_folder
from crawlbench.archive.har import MAX_HAR_BYTES, read_har
from crawlbench.archive.warc import read_warc
from crawlbench.archive.zipmember import open_member
from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crawlbench.archive.capture import Capture

_HEAD_BYTES = 2**12
_WARC_NAMES = (".warc", ".warc.gz", ".arc", ".arc.gz")
_WARC_MAGIC = (b"WARC/", b"filedesc:")
_JSON_MAGIC = (b"{", b"\xef\xbb\xbf{", b"\xff\xfe{", b"\xfe\xff\0{")
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

_OTHER_KINDS = (
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; decompress it: zstd -d"),
    (b"BZh", "compressed with bzip2; decompress it: bunzip2"),
    (b"\xfd7zXZ", "compressed with xz; decompress it: xz -d"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it and import the folder"),
    (b"bplist00", "Safari's .webarchive; save the pages as a HAR, or record the site"),
    (b"%PDF", "a PDF, which is no page"),
    (b"<", "a single page; put it into a folder and import that"),
)
_MHTML = (b"mime-version:", b"multipart/related", b"from: <saved by")
_REMEDY = (
    "name a WARC or ARC (.warc, .warc.gz), a .wacz, a .har (.har.gz, .har.zip), or a folder made "
    "by wget --mirror"
)


def open_sources(sources: Sequence[Path], start: str | None) -> Iterator[Capture]:
    """Yield the responses of all archives, one archive after the other.

    Args:
        sources: files or folders.
        start: the address of the first page, if it is known.

    Raises:
        UsageError: a source is not a known kind of archive, or cannot be read.
    """
    return chain.from_iterable(_open(source, start) for source in sources)


def _open(source: Path, start: str | None) -> Iterator[Capture]:
    try:
        if source.is_dir():
            yield from _open_folder(source, start)
            return
        if not source.exists():
            raise UsageError(f"there is no {str(source)!r} to import{_hint(source)}")
        if not source.is_file():
            raise UsageError(f"{str(source)!r} is neither a file nor a folder; {_REMEDY}")
        with source.open("rb") as file:
            yield from _open_file(source, file)
    except OSError as error:
        raise UsageError(f"cannot read {source} ({error.strerror or error})") from error


def _hint(source: Path) -> str:
    """Return a hint if an address was given instead of a file."""
    is_address = source.parts[:1] in (("http:",), ("https:",))
    return "; `crawlbench mirror record` fetches the pages of an address" if is_address else ""


def _open_folder(source: Path, start: str | None) -> Iterator[Capture]:
    """Read the archives in a folder; without any, read the folder as a copy of a site."""
    for folder in (source, source / "archive"):  # the second is that of an unpacked WACZ
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        archives = [path for path in files if path.name.lower().endswith(_WARC_NAMES)]
        # With pages beside them they are files of a copied site.
        if archives and not any(path.name.lower().endswith((".html", ".htm")) for path in files):
            yield from open_sources(archives, start)
            return
    yield from read_folder(source, start)


def _open_file(source: Path, file: IO[bytes]) -> Iterator[Capture]:
    head = _peek(file)
    name, lower = str(source), source.name.lower()
    if head.startswith(_ZIP_MAGIC):
        return _read_zip(name, file)
    # By its name as well, because its beginning may be damaged.
    if head.startswith(_WARC_MAGIC) or lower.endswith(_WARC_NAMES):
        return read_warc(name, file)
    if head.lstrip().startswith(_JSON_MAGIC) or lower.endswith((".har", ".har.gz")):
        return read_har(name, _read_har_text(name, file), _beside(source))
    raise UsageError(f"cannot import {name!r}: it is {_describe(head)}")


def _peek(file: IO[bytes]) -> bytes:
    """Return a file's first bytes, decompressed if it is gzipped, and go back to its beginning."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if head.startswith(GZIP_MAGIC):
        with contextlib.suppress(zlib.error):
            return bytes(open_gunzip().decompress(head, _HEAD_BYTES))
    return head


def _describe(head: bytes) -> str:
    """Return what kind of file this is, and what to do with it."""
    for magic, what in _OTHER_KINDS:
        if head.lstrip().startswith(magic):
            return what
    if any(sign in head.lower() for sign in _MHTML):
        return "an MHTML page; save it as a complete page, or as a HAR, and import that"
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it (tar -xf) and import the folder"
    return f"of no kind that crawlbench reads; {_REMEDY}"


def _read_har_text(name: str, file: IO[bytes]) -> bytes:
    text = file.read(MAX_HAR_BYTES + 1)
    is_large = len(text) > MAX_HAR_BYTES
    try:
        if text.startswith(GZIP_MAGIC) and not is_large:
            text = gunzip(text, [], MAX_HAR_BYTES)
    except TooLargeError:
        is_large = True
    except SkippedError as error:
        raise UsageError(f"{name} is not a whole HAR file: it is {error}; save it again") from error
    if is_large:
        raise UsageError(
            f"{name} has more than {MAX_HAR_BYTES // 2**20} MB, and a HAR is read as a whole; "
            "a WARC may have any size"
        )
    return text


def _beside(har: Path) -> Callable[[str], bytes]:
    """Return a function that reads files beside a HAR, and no others."""
    folder = har.parent.resolve()

    def read(name: str) -> bytes:
        try:
            path = (folder / name).resolve()
            if not path.is_relative_to(folder) or not path.is_file():
                raise SkippedError("kept in a file that is not beside the HAR")
            with path.open("rb") as file:
                return bounded(file.read(MAX_PAGE_BYTES + 1))
        except (OSError, ValueError, RuntimeError) as error:
            raise SkippedError("kept in a file that cannot be read") from error

    return read


def _read_zip(name: str, file: IO[bytes]) -> Iterator[Capture]:
    """Read a WACZ, or a HAR with its bodies, from a zip file."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = sorted(archive.namelist())
            warcs = [member for member in members if member.lower().endswith(_WARC_NAMES)]
            hars = [member for member in members if member.lower().endswith((".har", ".har.gz"))]
            for member in warcs:
                with open_member(archive, member, file) as stream:
                    yield from read_warc(f"{name}/{member}", stream)
            for member in () if warcs else hars:
                with archive.open(member) as stream:
                    text = _read_har_text(f"{name}/{member}", stream)
                yield from read_har(f"{name}/{member}", text, _within(archive, member))
            if not warcs and not hars:
                raise UsageError(
                    f"{name} is a zip file without a WARC or a HAR in it; if it holds pages, "
                    "unpack it and import the folder"
                )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        # RuntimeError is for a password, NotImplementedError for a compression that zipfile lacks.
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"{name} is not a whole zip file ({reason}); fetch it again") from error


def _within(archive: zipfile.ZipFile, har: str) -> Callable[[str], bytes]:
    """Return a function that reads the files beside a HAR in a zip file."""

    def read(name: str) -> bytes:
        try:
            with archive.open(str(PurePosixPath(har).parent / name)) as stream:
                return bounded(stream.read(MAX_PAGE_BYTES + 1))
        except KeyError as error:
            raise SkippedError("kept in a file that is not beside the HAR") from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
            raise SkippedError("kept in a file that cannot be read") from error

    return read
