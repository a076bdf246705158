"""Large records are imported within twice the largest of them and 64 MB."""

from __future__ import annotations

import gzip
import random
import sys
import zipfile

import pytest

from tests.archive.archives import (
    HOST,
    HTML,
    chunked,
    har_entry,
    page,
    response,
    warc_bytes,
    write_har,
)
from tests.child import succeed

PAGE_BYTES = 24 * 2**20
ROOM_BYTES = 64 * 2**20
CHILD = """
import sys
from pathlib import Path
from crawlbench.archive.importing import import_pages

source, target = map(Path, sys.argv[1:])
report = import_pages([source], target, None, site_file=True, force=False)
status = Path("/proc/self/status").read_text().split()
print(report.pages, report.body_bytes, int(status[status.index("VmHWM:") + 1]) * 1024)
"""


def bodies():
    """Return pages that no coding makes much smaller; the last one names its host."""
    chance = random.Random(1)
    texts = [chance.randbytes(PAGE_BYTES // 2 - 200).hex().encode() for _ in range(2)]
    return [page("a") + texts[0], page("b") + texts[1] + page("c", "/b", host=HOST)]


def responses(encode=bytes, *headers):
    return [
        response(f"{HOST}/{n}", encode(body), headers=[*HTML, *headers])
        for n, body in enumerate(bodies())
    ]


def zipped(method, *, gz):
    def write(path):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("archive/x.warc", warc_bytes(*responses(), gz=gz))

    return write


def folder(path):
    path.mkdir()
    for name, body in zip(("index.html", "b.html"), bodies(), strict=True):
        (path / name).write_bytes(body)


def har(path, **content):
    write_har(path, *(har_entry(f"{HOST}/{n}", b, **content) for n, b in enumerate(bodies())))


def har_of_text(path):
    write_har(
        path,
        *(
            har_entry(f"{HOST}/{n}", text=body.decode(), encoding=None)
            for n, body in enumerate(bodies())
        ),
    )


def gzipped_har(path):
    har(path)
    path.write_bytes(gzip.compress(path.read_bytes(), 1))


def warc(*, gz, encode=bytes, header=None):
    coded = [header] if header else []
    return lambda path: path.write_bytes(warc_bytes(*responses(encode, *coded), gz=gz))


def har_bytes():
    """Return the size of a HAR, which is one record: its text is read as a whole."""
    return sum(map(len, bodies())) * 4 // 3


CASES = {
    "x.warc": warc(gz=False),
    "x.warc.gz": warc(gz=True),
    "chunked.warc": warc(gz=False, encode=chunked, header=("Transfer-Encoding", "chunked")),
    "coded.warc": warc(
        gz=False, encode=lambda body: gzip.compress(body, 1), header=("Content-Encoding", "gzip")
    ),
    "stored.wacz": zipped(zipfile.ZIP_STORED, gz=True),
    "deflated.wacz": zipped(zipfile.ZIP_DEFLATED, gz=False),
    "docs.example.org": folder,
    "x.har": har,
    "text.har": har_of_text,
    "x.har.gz": gzipped_har,
}


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process of its own is Linux's")
@pytest.mark.parametrize("name", CASES)
def test_peak_memory_is_bounded_by_the_largest_record(tmp_path, name):
    """All of it: the interpreter, the libraries, the archive and the page at hand."""
    CASES[name](tmp_path / name)
    call = [sys.executable, "-c", CHILD, tmp_path / name, tmp_path / "site"]
    done = succeed(call)
    pages, body_bytes, peak_bytes = map(int, done.stdout.split())
    assert pages == 2
    assert body_bytes > 2 * PAGE_BYTES - 2000
    largest = har_bytes() if ".har" in name else PAGE_BYTES
    assert peak_bytes < 2 * largest + ROOM_BYTES
