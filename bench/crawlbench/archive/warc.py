"""Reads the responses of a WARC file, gzipped or not, a record at a time (floor 3)."""

from __future__ import annotations

import contextlib
import io
import logging
import zlib
from typing import IO, TYPE_CHECKING, Any

from crawlbench.archive.capture import MOST_PAGE_BYTES, Capture, SkippedError
from crawlbench.archive.decode import TOO_LARGE, decode_body, open_gunzip
from crawlbench.errors import NotInstalledError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read_warc"]

MOST_HEAD_BYTES = 2**20
"""From the end of one record's body to the begin of the next one's; warcio itself has no bound."""

_STEP_BYTES = 2**16
_GZIP_MAGIC = b"\x1f\x8b"
_END = b"\r\n\r\n"  # of a record; some write mere newlines

logging.getLogger("warcio").addHandler(logging.NullHandler())  # else it speaks on standard error


def read_warc(path: Path) -> Iterator[Capture]:
    """Yield the responses of a WARC in order; no more than one of them is in memory.

    Raises:
        UsageError: it is no WARC, is broken or was cut short; reading a capture raises it, too.
        NotInstalledError: there is no warcio.
    """
    try:
        from warcio.archiveiterator import ArchiveIterator  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise NotInstalledError(
            f"{path} is a WARC, which needs 'warcio'; try: pip install 'crawlbench[archive]'"
        ) from error
    number = 0
    with _refusing(path, number), path.open("rb") as file:
        stream = _Plain(file)
        records = ArchiveIterator(stream)
        while True:
            with _refusing(path, number + 1):
                record = _next_record(records, stream)
                if record is None:
                    break
                number += 1
            if capture := _capture(record, path, number):
                yield capture
            with _refusing(path, number):
                _finish(record)
    if not number:
        raise UsageError(f"{path} is a WARC without a record")


@contextlib.contextmanager
def _refusing(path: Path, number: int) -> Iterator[None]:
    """Turn what can go wrong in a record into one sentence."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot read {path} ({error.strerror or error})") from error
    except (zlib.error, _BrokenError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(
            f"{path} is no whole WARC: record {number} is broken or cut short ({reason}); "
            "fetch it again"
        ) from error


class _BrokenError(Exception):
    """Raised when a WARC does not hold what its records promise."""


class _Plain(io.RawIOBase):
    """The uncompressed bytes of a file, with a bound on what may be read before it is renewed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._is_gzip = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        self._gunzip: Any = None
        self._rest = b""
        self._at = 0
        self.allowance: int | None = None
        """Bytes that may still be read; None for any number."""

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        size = min(size if size > 0 else _STEP_BYTES, _STEP_BYTES)
        data = self._read_gzip(size) if self._is_gzip else self._file.read(size)
        self._at += len(data)
        if self.allowance is not None:
            self.allowance -= len(data)
            if self.allowance < 0:
                raise _BrokenError(f"its head has more than {MOST_HEAD_BYTES} bytes")
        return data

    def _read_gzip(self, size: int) -> bytes:
        while True:
            raw = self._rest or self._file.read(_STEP_BYTES)
            self._rest = b""
            if not raw:
                if self._gunzip is not None:
                    raise _BrokenError("the gzip file ends too early")
                return b""
            if self._gunzip is None:
                self._gunzip = open_gunzip()
            data: bytes = self._gunzip.decompress(raw, size)
            self._rest = self._gunzip.unconsumed_tail or self._gunzip.unused_data
            if self._gunzip.eof:
                self._gunzip = None
            if data:
                return data


def _next_record(records: Any, stream: _Plain) -> Any:  # noqa: ANN401  (warcio has no types)
    """Return the next record; None at the end of a file that ends as it should.

    warcio takes a record without a body for the end, and a broken length for a matter of opinion.
    """
    begin = stream.tell() - records.reader.rem_length()
    stream.allowance = MOST_HEAD_BYTES
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # warcio prints its doubts
            record = next(records, None)
    except (_BrokenError, OSError):
        raise
    except Exception as error:  # warcio raises whatever its code runs into
        raise _BrokenError(f"its head is broken: {error}") from error
    stream.allowance = None
    if records.err_count:
        raise _BrokenError("a record is not as long as it says")
    left = stream.tell() - begin
    if record is None and not (2 <= left <= len(_END) if begin else left == 0):
        raise _BrokenError("the file ends within it")
    if record is not None and record.length is None:
        raise _BrokenError("it does not say its length")
    return record


def _finish(record: Any) -> None:  # noqa: ANN401
    """Read what is left of a record; it has to be all there."""
    while record.raw_stream.read(_STEP_BYTES):
        pass
    if record.raw_stream.limit > 0:
        raise _BrokenError("the file ends within it")


def _capture(record: Any, path: Path, number: int) -> Capture | None:  # noqa: ANN401
    """Return what a record captured; None if it is about something else."""
    url = record.rec_headers.get_header("WARC-Target-URI") or record.rec_headers.get_header("uri")
    kind, http = record.rec_type, record.http_headers
    if kind in {"response", "revisit"} and http is None:
        return Capture(url or "", 0, [], bytes)
    if kind == "resource":
        status, headers = 200, [("Content-Type", record.content_type or "")]
    elif kind in {"response", "revisit"}:
        code = http.get_statuscode()
        status, headers = int(code) if code.isdecimal() else 0, list(http.headers)
    else:
        return None

    def read() -> bytes:
        with _refusing(path, number):
            return _read(record, capture)

    capture = Capture(url or "", status, headers, read)
    return capture


def _read(record: Any, capture: Capture) -> bytes:  # noqa: ANN401
    if record.rec_type == "revisit":
        raise SkippedError("a revisit, which has no body of its own")
    if record.rec_headers.get_header("WARC-Truncated"):
        raise SkippedError("cut short when it was captured")
    if record.raw_stream.limit > MOST_PAGE_BYTES:
        raise SkippedError(TOO_LARGE)
    parts = []
    while part := record.raw_stream.read(_STEP_BYTES):
        parts.append(part)
    body = b"".join(parts)
    if record.raw_stream.limit > 0:
        raise _BrokenError("the file ends within it")
    if record.rec_type == "resource":
        return body
    transfer_encoding = capture.header("transfer-encoding")
    length = capture.header("content-length")
    if length.isdecimal() and not transfer_encoding and len(body) < int(length):
        raise SkippedError("cut short when it was captured")
    return decode_body(body, transfer_encoding, capture.header("content-encoding"))
