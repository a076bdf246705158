"""Reads the responses of a WARC or ARC file, gzipped or not, one record at a time (floor 4).

All whole records are kept: those before a broken record, and those after it that can be found.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

from crawlbench.archive.capture import Capture, SkippedError
from crawlbench.archive.decode import GZIP_MAGIC
from crawlbench.archive.heads import CUT, MAGIC, HeadParser, check_head
from crawlbench.archive.landmarks import find_record
from crawlbench.archive.plainstream import MAX_HEAD_BYTES, BrokenError, PlainStream, held_by
from crawlbench.archive.records import decode_answer, ids_of, method_of, read_block
from crawlbench.base.errors import UsageError
from crawlbench.plugins.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STEP_BYTES = 2**16
_END = b"\r\n\r\n"  # ends a record; some tools write plain newlines, or nothing after the last one
_PEEKED_BYTES = 64  # more than the line breaks between two records
_BROKEN = "broken or cut short ({}); what follows it is not read"
_ANEW = " until another record begins"
_PROTOCOLS = ["HTTP/", "ICY"]
_MAX_VAIN_BYTES = 2**28
"""How many more bytes may be read in broken records than in whole ones: in a hostile file, each
record may claim everything that follows."""

logging.getLogger("warcio").addHandler(logging.NullHandler())  # else it writes to standard error


def read_warc(name: str, file: IO[bytes]) -> Iterator[Capture]:
    """Yield the responses of a WARC in order, with at most one of them in memory.

    A record that is broken or cut short is yielded as a problem; reading goes on with the next
    record that can be found.

    Args:
        name: the archive's name, for messages.
        file: a seekable file, at its beginning.

    Raises:
        UsageError: it is not a WARC, because not one record is whole.
        NotInstalledError: warcio is not installed.
    """
    need("warcio.archiveiterator", f"{name}, a WARC,")
    # A request may stand behind its answer, so a first pass finds those that are not GET.
    requests = _Archive(name, file)
    for _ in requests.captures():
        pass
    archive = _Archive(name, file, requests.others)
    yield from archive.captures()
    if archive.whole:
        return
    if archive.error:
        raise UsageError(
            f"{name} is not a whole WARC file: record 1 is broken or cut short ({archive.error}); "
            "fetch it again"
        )
    raise UsageError(f"{name} is a WARC without a record")


@contextlib.contextmanager
def _breaking() -> Iterator[None]:
    """Turn all errors that reading a record may raise into one kind."""
    try:
        yield
    except (BrokenError, SkippedError):
        raise
    except OSError as error:
        raise BrokenError(f"it cannot be read: {error.strerror or error}") from error
    except Exception as error:  # warcio and zipfile do not catch their own failures
        raise BrokenError(" ".join(str(error).split())[:200]) from error


class _Archive:
    """A file, and how far it has been read."""

    def __init__(
        self, name: str, file: IO[bytes], others: Mapping[tuple[str, str], str] | None = None
    ) -> None:
        self._name = name
        self._file = file
        self.others = dict(others or {})
        """The methods of requests that are not GET, by the ids of their records and their address:
        some programs write one id several times."""
        file.seek(0)
        head = file.read(len(MAGIC))
        is_named_so = name.lower().endswith(".gz")  # for a file whose beginning is damaged
        self._is_gzip = head.startswith(GZIP_MAGIC) or (head != MAGIC and is_named_so)
        self._size = _file_size(file)
        self._next_place: int | None = 0
        self._records: Any = None
        self._patience = _MAX_VAIN_BYTES
        self._is_lost = False
        self._broken = 0
        self.error = ""
        """What is wrong with the first broken record; empty if none is broken."""
        self.whole = 0
        """How many records were read to their end."""

    def captures(self) -> Iterator[Capture]:
        """Yield the responses, and a problem for each broken record."""
        while (place := self._next_place) is not None:
            self._open(place)
            try:
                yield from self._captures_from_here()
            except BrokenError as error:
                where = f"record {self.whole + self._broken + 1} of {self._name}, {self._where()}"
                yield Capture(where, 0, [], bytes, problem=self._lose(error))

    def _open(self, place: int) -> None:
        self._next_place, self._is_lost, self._records = None, False, None
        self._place, self._begin = place, 0
        self._stream = PlainStream(self._file, place, is_gzip=self._is_gzip)
        self._read_anew()

    def _read_anew(self) -> None:
        """Let warcio take what comes next for the beginning of a file."""
        if self._records is not None:
            self._stream.give_back(held_by(self._records.reader))
        iterator = need("warcio.archiveiterator", "a WARC").ArchiveIterator
        self._records = iterator(self._stream, no_record_parse=True)  # we parse HTTP, bounded
        self._records.loader.warc_parser = HeadParser(self._records.loader.warc_parser)

    def _where(self) -> str:
        return (
            f"in the gzip member at byte {self._place}" if self._is_gzip else f"byte {self._place}"
        )

    def _lose(self, error: BrokenError) -> str:
        """Look for another record after a broken one, and return the problem in words."""
        self._is_lost = True
        self._broken += 1
        self.error = self.error or str(error)
        vain = self._stream.tell() - self._begin
        if self._spend(vain):
            with contextlib.suppress(OSError, zipfile.BadZipFile, zlib.error, EOFError):
                self._next_place = find_record(
                    self._file, self._place + 1, is_gzip=self._is_gzip, spend=self._spend
                )
        return _BROKEN.format(error) + (_ANEW if self._next_place is not None else "")

    def _spend(self, count: int) -> bool:
        self._patience -= count
        return self._patience > 0

    def _captures_from_here(self) -> Iterator[Capture]:
        """Yield the responses from the current record on.

        Raises:
            BrokenError: a record is broken.
        """
        while (record := self._next()) is not None:
            if capture := self._capture(record):
                yield capture
            if self._is_lost:  # read() met the damage, and has said so
                return
            with _breaking():
                while record.raw_stream.read(_STEP_BYTES):
                    pass
                self._check_end(record)
            self.whole += 1
            self._patience += self._stream.tell() - self._begin

    def _next(self) -> Any:  # noqa: ANN401  (warcio has no types)
        """Return the next record, after checks that warcio lacks; None at the end of a file."""
        # What warcio has taken from the stream but not read is not part of the record before.
        end = self._stream.tell() - self._records.reader.rem_length()
        with _breaking():
            following = self._following()
        if end and (not following or following.startswith(MAGIC)):
            self._read_anew()  # there is no line break, which warcio expects in the same member
        self._begin = end + len(following) - len(following.lstrip(b"\r\n"))
        try:
            with self._bounded(), contextlib.redirect_stderr(io.StringIO()):  # warcio prints doubts
                record = next(self._records, None)
        finally:
            # Never back: behind a broken record, the search would find the same one again.
            self._place = max(self._stream.place_of(self._begin), self._place)
        if self._records.err_count:  # which warcio only counts
            raise BrokenError("a record is not as long as it says")
        # warcio takes a record without a body for the end of the file.
        if record is None and self._stream.tell() - self._begin > len(_END):
            raise BrokenError(CUT)
        if record is not None:
            # Of what is gzipped nobody knows how long it becomes.
            size = None if self._is_gzip else self._size
            check_head(record, None if size is None else size - self._place)
        return record

    def _following(self) -> bytes:
        """Return what comes next, up to the end of a gzip member."""
        held = held_by(self._records.reader)[:_PEEKED_BYTES]
        return held + self._stream.peek(_PEEKED_BYTES - len(held))

    def _check_end(self, record: Any) -> None:  # noqa: ANN401
        """Refuse a record that does not end where it says: its content may belong to another."""
        if record.raw_stream.limit > 0:
            raise BrokenError(CUT)
        following = self._following()
        rest = following.lstrip(b"\r\n")
        breaks = following[: len(following) - len(rest)].count(b"\n")
        # Some tools write no line breaks at all, so that the next record follows directly.
        if rest and breaks < 2 and not rest.startswith(MAGIC) and record.format != "arc":
            raise BrokenError("a record is not as long as it says")

    @contextlib.contextmanager
    def _bounded(self) -> Iterator[None]:
        """Limit how many bytes the head of a record may take while it is read."""
        self._stream.allowance = MAX_HEAD_BYTES
        with _breaking():
            yield
            self._stream.allowance = None

    def _capture(self, record: Any) -> Capture | None:  # noqa: ANN401
        """Return the response of a record; None if the record is of another kind."""
        headers = record.rec_headers
        url = headers.get_header("WARC-Target-URI") or headers.get_header("uri") or ""
        url = url.removeprefix("<").removesuffix(">")  # as wget 1.14 to 1.20 wrote them
        if record.rec_type == "resource":
            head = (200, [("Content-Type", record.content_type or "")])
        elif record.rec_type in {"response", "revisit"}:
            head = self._read_http_head(record)
        else:
            if record.rec_type == "request":
                self._note_method(record, url)
            return None
        if method := next(filter(None, (self.others.get((i, url)) for i in ids_of(record))), ""):
            return Capture(url, 0, [], bytes, problem=f"an answer to {method}")
        # A length that is too short may end a record within its head, which then says nothing.
        if not record.raw_stream.limit:
            with _breaking():
                self._check_end(record)

        def read() -> bytes:
            try:
                with _breaking():
                    body = read_block(record)
                    self._check_end(record)
            except BrokenError as error:
                raise SkippedError(self._lose(error)) from error
            return body if record.rec_type == "resource" else decode_answer(body, capture)

        capture = Capture(url, *head, read)
        return capture

    def _note_method(self, record: Any, url: str) -> None:  # noqa: ANN401
        with _breaking():
            method = method_of(record)
        if method != "GET":
            self.others.update({(record_id, url): method for record_id in ids_of(record)})

    def _read_http_head(self, record: Any) -> tuple[int, list[tuple[str, str]]]:  # noqa: ANN401
        """Return the status and the headers; the status is 0 if there are none."""
        parsers = need("warcio.statusandheaders", "a WARC")
        parser = parsers.StatusAndHeadersParser(_PROTOCOLS, verify=False)
        with self._bounded():
            try:
                found = parser.parse(record.raw_stream)
            except (EOFError, parsers.StatusAndHeadersParserException):
                if record.raw_stream.limit > 0:
                    raise BrokenError(CUT) from None
                return 0, []
        code = found.get_statuscode()
        return int(code) if code.isdecimal() and len(code) == 3 else 0, list(found.headers)


def _file_size(file: IO[bytes]) -> int | None:
    """Return the size of a file; None for a file inside another one."""
    try:
        return os.fstat(file.fileno()).st_size
    except OSError:
        return None
