"""Reads the responses of a WARC or ARC file, gzipped or not, a record at a time (floor 3).

What is whole is kept: an archive that breaks off, or ends otherwise than it should, has given its
whole records before.
"""

from __future__ import annotations

import contextlib
import io
import logging
from typing import IO, TYPE_CHECKING, Any

from crawlbench.archive.capture import MOST_PAGE_BYTES, Capture, SkippedError
from crawlbench.archive.decode import GZIP_MAGIC, TOO_LARGE, decode_body, open_gunzip
from crawlbench.archive.extra import need
from crawlbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_warc"]

MOST_HEAD_BYTES = 2**20
"""From the end of one record's body to the begin of the next one's; warcio itself has no bound."""

_STEP_BYTES = 2**16
_END = b"\r\n\r\n"  # of a record; some write mere newlines, or nothing after the last one
_CUT = "the file ends within it"
_LAST = "broken or cut short ({}); what follows it is not read"
_PROTOCOLS = ["HTTP/", "ICY"]

logging.getLogger("warcio").addHandler(logging.NullHandler())  # else it speaks on standard error


def read_warc(name: str, file: IO[bytes]) -> Iterator[Capture]:
    """Yield the responses of a WARC in order; no more than one of them is in memory.

    A record that is broken or cut short is yielded as a problem, and is the last.

    Args:
        name: of the archive, for messages.
        file: at its begin; it can seek.

    Raises:
        UsageError: it is no WARC: not one record is whole.
        NotInstalledError: there is no warcio.
    """
    need("warcio.archiveiterator", f"{name}, a WARC,")
    archive = _Archive(file)
    try:
        yield from archive.captures()
    except _BrokenError as error:
        if not archive.whole:
            raise UsageError(
                f"{name} is no whole WARC: record 1 is broken or cut short ({error}); "
                "fetch it again"
            ) from error
        where = f"record {archive.whole + 1} of {name}, byte {archive.begin}"
        yield Capture(where, 0, [], bytes, problem=_LAST.format(error))
    if not archive.whole:
        raise UsageError(f"{name} is a WARC without a record")


class _BrokenError(Exception):
    """Raised when a WARC does not hold what its records promise."""


@contextlib.contextmanager
def _breaking() -> Iterator[None]:
    """Turn what can go wrong in a record into one kind of error."""
    try:
        yield
    except (_BrokenError, SkippedError):
        raise
    except OSError as error:
        raise _BrokenError(f"it cannot be read: {error.strerror or error}") from error
    except Exception as error:  # warcio and zipfile raise whatever their code runs into
        raise _BrokenError(" ".join(str(error).split())[:200]) from error


class _Plain(io.RawIOBase):
    """The uncompressed bytes of a file, with a bound on what may be read before it is renewed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._is_gzip: bool | None = None
        self._gunzip: Any = None
        self._rest = b""
        self._at = 0
        self.allowance: int | None = None
        """Bytes that may still be read; None for any number."""

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        if self._is_gzip is None:
            self._is_gzip = self._file.read(2) == GZIP_MAGIC
            self._file.seek(0)
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
                if not raw.strip(b"\0"):  # a tape's padding
                    continue
                self._gunzip = open_gunzip()
            data: bytes = self._gunzip.decompress(raw, size)
            self._rest = self._gunzip.unconsumed_tail or self._gunzip.unused_data
            if self._gunzip.eof:
                self._gunzip = None
            if data:
                return data


class _Archive:
    """One file on its way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._stream = _Plain(file)
        iterator = need("warcio.archiveiterator", "a WARC").ArchiveIterator
        self._records = iterator(self._stream, no_record_parse=True)
        self.whole = 0
        """Records that were read to their end."""
        self.begin = 0
        """Of the record at hand, in bytes before any compression."""
        self._is_told = False

    def captures(self) -> Iterator[Capture]:
        """Yield the responses.

        Raises:
            _BrokenError: a record is, and nothing after it can be read.
        """
        while (record := self._next()) is not None:
            if capture := self._capture(record):
                yield capture
            if self._is_told:
                return
            with _breaking():
                while record.raw_stream.read(_STEP_BYTES):
                    pass
            if record.raw_stream.limit > 0:
                raise _BrokenError(_CUT)
            self.whole += 1

    def _next(self) -> Any:  # noqa: ANN401  (warcio has no types)
        """Return the next record; None at the end of a file.

        warcio takes a record without a body for the end, and a broken length for a matter of
        opinion.
        """
        records = self._records
        self.begin = self._stream.tell() - records.reader.rem_length()
        with self._bounded(), contextlib.redirect_stderr(io.StringIO()):  # warcio prints doubts
            record = next(records, None)
        if records.err_count:
            raise _BrokenError("a record is not as long as it says")
        left = self._stream.tell() - self.begin
        if record is None and left > len(_END):
            raise _BrokenError(_CUT)
        if record is not None and record.length is None:
            raise _BrokenError("it does not say its length")
        return record

    @contextlib.contextmanager
    def _bounded(self) -> Iterator[None]:
        """Let a head be read, but not without end."""
        self._stream.allowance = MOST_HEAD_BYTES
        with _breaking():
            yield
            self._stream.allowance = None

    def _capture(self, record: Any) -> Capture | None:  # noqa: ANN401
        """Return what a record captured; None if it is about something else."""
        headers = record.rec_headers
        url = headers.get_header("WARC-Target-URI") or headers.get_header("uri") or ""
        url = url.removeprefix("<").removesuffix(">")  # as wget 1.14 to 1.20 wrote them
        if record.rec_type == "resource":
            head = (200, [("Content-Type", record.content_type or "")])
        elif record.rec_type in {"response", "revisit"}:
            head = self._read_http_head(record)
        else:
            return None

        def read() -> bytes:
            try:
                with _breaking():
                    return _read(record, capture)
            except _BrokenError as error:
                self._is_told = self.whole > 0
                raise SkippedError(_LAST.format(error)) from error

        capture = Capture(url, *head, read)
        return capture

    def _read_http_head(self, record: Any) -> tuple[int, list[tuple[str, str]]]:  # noqa: ANN401
        """Return status and headers; status 0 if there are none."""
        parsers = need("warcio.statusandheaders", "a WARC")
        parser = parsers.StatusAndHeadersParser(_PROTOCOLS, verify=False)
        with self._bounded():
            try:
                found = parser.parse(record.raw_stream)
            except (EOFError, parsers.StatusAndHeadersParserException):
                if record.raw_stream.limit > 0:
                    raise _BrokenError(_CUT) from None
                return 0, []
        code = found.get_statuscode()
        return int(code) if code.isdecimal() and len(code) == 3 else 0, list(found.headers)


def _read(record: Any, capture: Capture) -> bytes:  # noqa: ANN401
    if record.rec_type == "revisit":
        raise SkippedError("a revisit, which has no body of its own")
    if record.rec_headers.get_header("WARC-Truncated"):
        raise SkippedError("cut short when it was captured")
    if record.raw_stream.limit > MOST_PAGE_BYTES:
        raise SkippedError(TOO_LARGE)
    body = bytearray()
    while part := record.raw_stream.read(_STEP_BYTES):
        body += part
    if record.raw_stream.limit > 0:
        raise _BrokenError(_CUT)
    if record.rec_type == "resource":
        return bytes(body)
    transfer = capture.list_header("transfer-encoding")
    length = capture.header("content-length")
    if length.isdecimal() and not transfer and len(body) < int(length[:18]):
        raise SkippedError("cut short when it was captured")
    content = capture.list_header("content-encoding")
    return decode_body(bytes(body), transfer, content, capture.leniencies)
