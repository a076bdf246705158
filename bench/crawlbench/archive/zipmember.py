"""A WARC inside a zip file, opened so that its records can be found (floor 4).

It should be stored, but some are deflated. Of a stored one zipfile would check the checksum at its
end, and then return nothing even if only one record is damaged; a WARC's gzip members have
checksums of their own.
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import IO

from crawlbench.archive.deflated import Deflated

_HEAD_BYTES = 30  # of a member, before its name and its extra field


def open_member(archive: zipfile.ZipFile, name: str, file: IO[bytes]) -> IO[bytes]:
    """Return a file that reads a member; close it before the next one is opened.

    Args:
        archive: the zip file.
        name: the member's name.
        file: the file of the archive.

    Raises:
        BadZipFile: the member is not where the archive's directory says.
    """
    info, member = archive.getinfo(name), archive.open(name)  # this refuses overlapping members
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return member
    member.close()
    file.seek(info.header_offset)
    head = file.read(_HEAD_BYTES)
    # The member's own head says where it ends; its extra field may differ from the directory's.
    begin = info.header_offset + _HEAD_BYTES + sum(struct.unpack("<HH", head[26:]))
    stored = _Stored(file, begin, info.compress_size)
    is_deflated = info.compress_type == zipfile.ZIP_DEFLATED
    return Deflated(stored, info.file_size, info.CRC) if is_deflated else stored


class _Stored(io.RawIOBase, IO[bytes]):
    """Part of a file as a file."""

    def __init__(self, file: IO[bytes], begin: int, size: int) -> None:
        self._file = file
        self._begin = begin
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(self._size - self._at, 0)
        self._file.seek(self._begin + self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data
