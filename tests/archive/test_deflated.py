"""A deflated member is read like any file, and going back in it costs little."""

import io
import random
import zipfile
import zlib

import pytest

from crawlbench.archive.deflated import Deflated
from crawlbench.archive.zipmember import open_member
from tests.archive.archives import HOST, page, response, warc_bytes

CONTENT = b"".join(b"%d %s\n" % (n, b"x" * (n % 97)) for n in range(9_000))


def deflate(content=CONTENT):
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


SIZE = len(CONTENT)
CHECKSUM = zlib.crc32(CONTENT)


def opened(raw, size=SIZE, checksum=CHECKSUM):
    return Deflated(io.BytesIO(raw), size, checksum)


def test_it_reads_and_seeks_like_any_file():
    """Forwards and backwards, at the ends and beyond them."""
    file, plain, chance = opened(deflate()), io.BytesIO(CONTENT), random.Random(1)
    for _ in range(300):
        place = chance.choice([0, 5, len(CONTENT), chance.randrange(len(CONTENT))])
        size = chance.choice([0, 1, 70_000, chance.randrange(300)])
        assert file.seek(place) == plain.seek(place) == file.tell()
        assert file.read(size) == plain.read(size)
    assert file.seek(len(CONTENT) + 9) == len(CONTENT)
    assert file.seek(0) == 0
    assert file.read() == CONTENT
    assert file.read(1) == b""


def test_damage_is_told():
    """Data that end too early, another checksum, another size, no data at all."""
    raw = deflate()
    with pytest.raises(EOFError):
        opened(raw[:-9]).read()
    with pytest.raises(zipfile.BadZipFile):
        opened(raw, checksum=1).read()
    with pytest.raises(zipfile.BadZipFile):
        opened(raw, size=len(CONTENT) + 1).read()
    with pytest.raises(zipfile.BadZipFile):
        opened(raw, size=len(CONTENT) - 1).read()
    with pytest.raises(zlib.error):
        opened(b"\xff" * 99).read()


def test_going_back_in_growing_places_inflates_all_of_it_twice():
    """As behind broken records: each time a little further, after reading on."""
    file = opened(deflate())
    for place in range(len(CONTENT) // 2, len(CONTENT), 1_000):
        file.seek(place)
        assert file.read(500) == CONTENT[place : place + 500]
        file.seek(place + 1)
    assert file.inflated_bytes < 2 * len(CONTENT) + 2_000 * 500


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_broken_records_behind_a_large_one(workshop, monkeypatch, method):
    """Each is counted, the page behind them is found, and nothing is inflated again and again."""
    members = []

    def open_and_keep(*arguments):
        members.append(open_member(*arguments))
        return members[-1]

    monkeypatch.setattr("crawlbench.archive.sources.open_member", open_and_keep)
    first = warc_bytes(response(f"{HOST}/a", page("a") + b"x" * 5_000_000), gz=False)
    broken = b"WARC/1.0\r\nX: y\r\nContent-Length: oops\r\n\r\n" * 30
    last = warc_bytes(response(f"{HOST}/b", page("b")), gz=False)
    source = workshop.folder / "x.wacz"
    with zipfile.ZipFile(source, "w", method) as archive:
        archive.writestr("archive/a.warc", first + broken + last)
    report = workshop.run(source)
    assert set(workshop.pages()) == {"/a", "/b"}
    assert sum(report.skips.counts.values()) == 30
    if method == zipfile.ZIP_DEFLATED:
        assert members[0].inflated_bytes < 5 * len(first)  # two passes
