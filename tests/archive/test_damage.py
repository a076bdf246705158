"""A damaged record of a WARC costs itself: whole ones before and after it are pages."""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
import zlib

import pytest

from crawlbench.archive.capture import SkippedError
from crawlbench.archive.landmarks import find_record
from crawlbench.archive.plainstream import MAX_HEAD_BYTES
from crawlbench.archive.warc import read_warc
from tests.archive.archives import HOST, gzipped, page, response, warc_bytes

ANEW = "what follows it is not read until another record begins"
COUNT = 6
HURT = 2  # the page in the middle whose record is damaged


def title(number):
    return page(f"page {number}", "/next") + b"<p>some words" * 40


def pages_of(count=COUNT):
    return {f"/{n}": title(n) for n in range(count)}


def record(number):
    """Return the record of a response alone, not compressed."""
    whole = warc_bytes(response(f"{HOST}/{number}", title(number)), gz=False)
    begin = whole.index(b"WARC/1.0\r\nWARC-Type: response")
    return whole[begin : whole.index(b"WARC/1.0\r\nWARC-Type: request")]


def longer(text):
    """Return a record that says to be as long as two and a half."""
    size = int(text.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    return text.replace(b"Content-Length: %d" % size, b"Content-Length: %d" % (size * 5 // 2), 1)


def cut(text, *marks):
    """Return the record up to the end of what is found last: its writer was killed there."""
    end = 0
    for mark in marks:
        end = text.index(mark, end) + len(mark)
    return text[:end]


PLAIN_DAMAGE = {
    "longer than it is, up to within another": longer,
    "longer than the file": lambda text: text.replace(b"Length: ", b"Length: 99999", 1),
    "shorter than it is": lambda text: text.replace(b"Length: ", b"Length: 1\r\nX: ", 1),
    "without a length": lambda text: text.replace(b"Content-Length", b"Content-Lengt", 1),
    "with a length that is none": lambda text: text.replace(b"Length: ", b"Length: x", 1),
    "with a length below nothing": lambda text: text.replace(b"Length: ", b"Length: -", 1),
    "with another first line": lambda text: b"VARC" + text[4:],
    "without its first bytes": lambda text: text[30:],
    "without its last bytes": lambda text: text[:-300],
    "without its head": lambda text: text[text.index(b"HTTP/") :],
    "without what follows its address": lambda text: cut(text, b"WARC-Target-URI: ", b"\r\n"),
    "without what follows half of its address": lambda text: cut(text, b"WARC-Target-URI: ht"),
    "without what follows its first line": lambda text: cut(text, b"WARC/1.0\r\n"),
    "without what follows its kind": lambda text: cut(text, b"WARC-Type: response\r\n"),
    "without the end of its head": lambda text: text.replace(b"\r\n\r\n", b"\r\n", 1),
    "with a kind twice": lambda text: text.replace(b"WARC-T", b"WARC-Target-URI: x\r\nWARC-T", 1),
    "zeros": lambda text: b"\0" * len(text),
    "random bytes": lambda _: bytes(range(256)) * 3,
    "a head without end": lambda _: b"WARC/1.0\r\n" + b"A: b\r\n" * 200_000,
}


@pytest.mark.parametrize("damage", PLAIN_DAMAGE)
def test_a_damaged_record_of_a_plain_warc(workshop, damage):
    """Its page is missing, and it alone; it is counted once, and said truly."""
    records = [record(n) for n in range(COUNT)]
    records[HURT] = PLAIN_DAMAGE[damage](records[HURT])
    source = workshop.folder / "x.warc"
    source.write_bytes(b"".join(records))
    report = workshop.run(source)
    right = pages_of()
    del right[f"/{HURT}"]
    assert workshop.pages() == right
    ((reason, count),) = report.skips.counts.items()
    assert count == 1
    assert reason.startswith("broken or cut short (")
    assert reason.endswith(ANEW)


def test_no_page_has_the_body_of_another():
    """Wherever a writer was killed within a head or lost bytes: what is read is right."""
    records = [record(n) for n in range(4)]
    head = records[1].index(b"\r\n\r\n") + 4
    for at in range(1, head):
        for hurt in (records[1][:at], records[1][:at] + records[1][at + 20 :]):
            whole = io.BytesIO(b"".join((records[0], hurt, *records[2:])))
            taken = {}
            for capture in read_warc("x.warc", whole):
                with contextlib.suppress(SkippedError):
                    taken[capture.url] = not capture.problem and capture.read()
            for n in (0, 2, 3):
                assert taken.pop(f"{HOST}/{n}") == title(n), at
            assert set(taken.values()) <= {False, title(1)}, at


def test_fields_that_may_be_repeated():
    """A record that has others at once, or a field of its own twice, is whole."""
    twice = b"WARC-Concurrent-To: <urn:uuid:1>\r\nX: WARC/1.0\r\n" * 2
    text = record(1).replace(b"WARC-Type", twice + b"WARC-Type", 1)
    bodies = [capture.read() for capture in read_warc("x.warc", io.BytesIO(text))]
    assert bodies == [title(1)]


GZIP_DAMAGE = {
    "a bit of what is compressed": lambda data: flip(data, 90),
    "a bit of its checksum": lambda data: flip(data, len(data) - 6),
    "a bit of its size": lambda data: flip(data, len(data) - 2),
    "its magic": lambda data: b"\0\0" + data[2:],
    "its method": lambda data: flip(data, 2),
    "its first bytes are missing": lambda data: data[25:],
    "its last bytes are missing": lambda data: data[:-40],
    "its middle is missing": lambda data: data[:60] + data[120:],
    "all of it": lambda data: b"\xff" * len(data),
    "its length, too long": lambda data: gzipped(longer(gzip.decompress(data))),
    "its length, too short": lambda data: gzipped(
        gzip.decompress(data).replace(b"Length: ", b"Length: 1\r\nX: ", 1)
    ),
    "its first line": lambda data: gzipped(b"V" + gzip.decompress(data)[1:]),
}


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]


@pytest.mark.parametrize("damage", GZIP_DAMAGE)
@pytest.mark.parametrize("hurt", [0, HURT, COUNT - 1])
def test_a_damaged_record_of_a_gzipped_warc(workshop, damage, hurt):
    """Each record is a member, so that the next one is found; whichever is hurt."""
    members = [gzipped(record(n)) for n in range(COUNT)]
    members[hurt] = GZIP_DAMAGE[damage](members[hurt])
    source = workshop.folder / "x.warc.gz"
    source.write_bytes(b"".join(members))
    report = workshop.run(source)
    right = pages_of()
    del right[f"/{hurt}"]
    assert workshop.pages() == right
    ((reason, count),) = report.skips.counts.items()
    assert count == 1
    assert reason.startswith("broken or cut short (")
    assert reason.endswith(ANEW if hurt < COUNT - 1 else "what follows it is not read")


@pytest.mark.parametrize("gz", [True, False])
def test_several_damaged_records(workshop, gz):
    """Each is counted, also side by side."""
    records = [record(n) for n in range(8)]
    for hurt in (1, 4, 5):
        records[hurt] = records[hurt].replace(b"Content-Length", b"Content-Lengt", 1)
    source = workshop.folder / "x.warc"
    source.write_bytes(b"".join(gzipped(text) if gz else text for text in records))
    report = workshop.run(source)
    assert set(workshop.pages()) == {"/0", "/2", "/3", "/6", "/7"}
    assert list(report.skips.counts.values()) == [3]


@pytest.mark.parametrize("gz", [True, False])
def test_a_damaged_record_that_is_no_page_costs_no_page(workshop, gz):
    """A request that says to be longer than it is would take the next page with it."""
    whole = [warc_bytes(response(f"{HOST}/{n}", title(n)), gz=False) for n in range(COUNT)]
    begin = whole[HURT].index(b"WARC/1.0\r\nWARC-Type: request")
    whole[HURT] = whole[HURT][:begin] + longer(whole[HURT][begin:])
    parts = [b"WARC/1.0" + part for text in whole for part in text.split(b"WARC/1.0")[1:]]
    source = workshop.folder / "x.warc"
    source.write_bytes(b"".join(gzipped(part) if gz else part for part in parts))
    report = workshop.run(source)
    assert workshop.pages() == pages_of()
    ((reason, example),) = report.skips.examples.items()
    assert reason.endswith(ANEW)
    place = "in the gzip member at byte" if gz else "byte"
    assert example.startswith(f"record {3 * (HURT + 1)} of {source}, {place} ")


def test_one_gzip_stream_is_read_up_to_its_damage(workshop):
    """Nothing in it says where to go on; that is said, and what came before is kept."""
    data = gzip.compress(b"".join(record(n) for n in range(200)), 9)
    source = workshop.folder / "x.warc.gz"
    source.write_bytes(data[: len(data) // 2] + gzipped(b"rubbish"))
    report = workshop.run(source)
    assert 10 < report.pages < 200
    assert all(body == title(address[1:]) for address, body in workshop.pages().items())
    ((reason, count),) = report.skips.counts.items()
    assert count == 1
    assert reason.endswith("what follows it is not read")


@pytest.mark.parametrize("line", ["WARC/1.0", "WARC/1.1", "WARC/0.18"])
@pytest.mark.parametrize("ends", [b"\r\n\r\n", b"\n\n", b"\n", b"\r\n", b"", b"\r\n" * 9])
def test_good_archives_that_end_records_in_their_own_way_lose_nothing(workshop, line, ends):
    """Line breaks between records are many or none."""
    records = [record(n).removesuffix(b"\r\n\r\n") + ends for n in range(3)]
    source = workshop.folder / "x.warc"
    source.write_bytes(b"".join(records).replace(b"WARC/1.0", line.encode()))
    report = workshop.run(source)
    assert workshop.pages() == pages_of(3)
    assert not report.skips.counts


@pytest.mark.parametrize("gz", [True, False])
def test_a_page_about_warcs_is_a_page(workshop, gz):
    """What looks like a record within a whole one is its text."""
    body = page("how a WARC looks") + b"\r\n\r\n" + record(9) + b"\n" + gzipped(record(8))
    whole = warc_bytes(response(f"{HOST}/", body), response(f"{HOST}/1", title(1)), gz=gz)
    source = workshop.folder / "x.warc"
    source.write_bytes(whole)
    report = workshop.run(source)
    assert workshop.pages() == {"/": body, "/1": title(1)}
    assert not report.skips.counts


def test_records_that_all_claim_the_rest_cost_no_more_than_some(workshop, monkeypatch):
    """What is read in vain is bounded, and what is not read is said."""
    monkeypatch.setattr("crawlbench.archive.warc._MAX_VAIN_BYTES", 100_000)
    hurt = [gzipped(longer(record(n).replace(b"Length: ", b"Length: 9", 1))) for n in range(99)]
    source = workshop.folder / "x.warc.gz"
    source.write_bytes(gzipped(record("first")) + b"".join(hurt))
    report = workshop.run(source)
    assert set(workshop.pages()) == {"/first"}
    assert 1 < sum(report.skips.counts.values()) < 10


def test_an_archive_of_which_nothing_is_whole_is_refused(workshop):
    """By what is wrong with its first record."""
    source = workshop.folder / "x.warc"
    source.write_bytes(record(1).replace(b"Length: ", b"Length: x", 1) + record(2)[:-200])
    assert "record 1 is broken or cut short (its length is 'x" in workshop.refusal(source)


@pytest.mark.parametrize("members", [1, 2, COUNT])
@pytest.mark.parametrize("gz", [True, False])
def test_records_without_line_breaks_between_them(workshop, members, gz):
    """Some tools write none; within a member of gzip the next record is found as in plain text."""
    records = [record(n).removesuffix(b"\r\n\r\n") for n in range(COUNT)]
    size = COUNT // members
    parts = [b"".join(records[at : at + size]) for at in range(0, COUNT, size)]
    source = workshop.folder / "x.warc"
    source.write_bytes(b"".join(map(gzipped, parts) if gz else parts))
    report = workshop.run(source)
    assert workshop.pages() == pages_of()
    assert not report.skips.counts


@pytest.mark.parametrize("hurt", range(3))
def test_a_damaged_record_without_line_breaks_in_one_member(workshop, hurt):
    """The whole ones before it are pages; what follows in its member cannot be found."""
    records = [record(n).removesuffix(b"\r\n\r\n") for n in range(3)]
    records[hurt] = longer(records[hurt])
    source = workshop.folder / "x.warc.gz"
    source.write_bytes(gzipped(b"".join(records)) + gzipped(record("next")))
    report = workshop.run(source)
    assert workshop.pages() == {**pages_of(hurt), "/next": title("next")}
    assert sum(report.skips.counts.values()) == 1


@pytest.mark.parametrize("before", [2**16 - 12, 2**16 - 5, 2**16 - 1, 2**16, 2**16 + 9, 3 * 2**16])
@pytest.mark.parametrize("gz", [True, False])
def test_a_record_is_found_wherever_it_begins(before, gz):
    """Also where two steps of reading meet."""
    sign = gzipped(record(1)) if gz else record(1)
    filler = b"x" * (before - 1) + b"\n"
    file = io.BytesIO(filler + sign + filler)
    assert find_record(file, 1, is_gzip=gz, spend=lambda _: True) == before
    assert find_record(file, before + 1, is_gzip=gz, spend=lambda _: True) is None


def test_members_of_something_else_are_passed_over():
    """Bytes that look like gzip by chance, and gzip that holds no record."""
    junk = b"\x1f\x8b\x08 by chance " + gzipped(b"text") + zlib.compress(b"more")
    file = io.BytesIO(junk + gzipped(record(1)))
    assert find_record(file, 0, is_gzip=True, spend=lambda _: True) == len(junk)
    assert find_record(file, 0, is_gzip=True, spend=lambda _: False) is None


@pytest.mark.parametrize(("spare", "pages"), [(40_000, 3), (-40_000, 2)])
@pytest.mark.parametrize("gz", [True, False])
def test_a_head_may_be_long_but_not_endless(workshop, gz, spare, pages):
    """Almost 1 MB of it is read like any other; more is no head, and costs its own page."""
    records = [record(n) for n in range(3)]
    filler = (b"X-Filler: " + b"f" * 998 + b"\r\n") * ((MAX_HEAD_BYTES - spare) // 1010 + 1)
    records[1] = records[1].replace(b"WARC-Date", filler + b"WARC-Date", 1)
    source = workshop.folder / "x.warc"
    source.write_bytes(b"".join(gzipped(text) if gz else text for text in records))
    report = workshop.run(source)
    assert report.pages == pages
    said = f"its head has more than {MAX_HEAD_BYTES} bytes"
    assert any(said in reason for reason in report.skips.counts) is (pages == 2)


@pytest.mark.parametrize("hurt", [0, HURT, COUNT - 1])
def test_a_damaged_record_within_a_wacz(workshop, hurt):
    """The zip file's own checksum is wrong then, too, and that is known at its end only."""
    members = [gzipped(record(n)) for n in range(COUNT)]
    source = workshop.folder / "x.wacz"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("archive/a.warc.gz", b"".join(members))
        archive.writestr("archive/b.warc.gz", gzipped(record("other")))
    data = source.read_bytes()
    assert data.count(members[hurt]) == 1
    source.write_bytes(data.replace(members[hurt], flip(members[hurt], 90)))
    report = workshop.run(source)
    right = {**pages_of(), "/other": title("other")}
    del right[f"/{hurt}"]
    assert workshop.pages() == right
    assert all(reason.startswith("broken or cut short (") for reason in report.skips.counts)
