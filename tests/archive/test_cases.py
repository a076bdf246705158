"""Archives and folders that people have, each with its right value, and their siblings."""

import base64
import gzip
import json
import shutil
import zipfile
import zlib
from pathlib import Path

import pytest

from crawlbench.archive.survey import Survey
from crawlbench.sites.custom import open_site
from crawlbench.sites.parsers.lxml import compile_reader as compile_lxml
from tests.archive.archives import (
    HOST,
    HTML,
    chunked,
    gzipped,
    har_entry,
    page,
    response,
    warc_bytes,
    write_har,
    write_warc,
)
from tests.archive.crawls import SITE, crawl

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize(
    ("case", "items", "right"),
    [
        (
            "gb2312-middle.warc",
            "//li",
            {"/": ["李四", "朱镕基", "王五", "赵六"], "/2": ["孙七", "朱镕基", "王五", "赵六"]},
        ),
        ("xml-declaration.warc", "//p", {"/": ["电影"]}),
        ("utf16-meta.warc", "//p", {"/": ["电影"]}),
        ("script-charset.warc", "//p", {"/": ["电影一"]}),
    ],
)
def test_encodings_are_those_of_browsers(workshop, case, items, right):
    """Labels, the prescan, and no item lost."""
    found, findings, _ = crawl(workshop, CASES / "archives" / case, items)
    assert {a: [text[:3] for text in texts] for a, texts in found.items()} == {
        a: [text[:3] for text in texts] for a, texts in right.items()
    }
    assert not findings.faults


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "朱镕基 𠮷 €"),
        ("GBK", "gb18030", "囧 喆 堃"),
        ("big5", "big5hkscs", "電影 喺 嘅"),
        ("x-sjis", "cp932", "①髙﨑 ㈱"),
        ("euc-jp", "euc_jp", "映画 ｱｲｳ"),
        ("ks_c_5601-1987", "cp949", "영화 똠방"),
        ("iso-8859-1", "cp1252", "“quoted” – 5 €"),
        ("latin1", "cp1252", "naïve…"),
        ("windows-1251", "cp1251", "кино №1"),
        ("koi8-r", "koi8-r", "кино"),
        ("iso-8859-15", "iso8859-15", "Œuvre €"),
    ],
)
@pytest.mark.parametrize("said_in", ["header", "meta"])
def test_pages_of_older_encodings_in_one_site(workshop, label, codec, text, said_in):
    """Each page is in its own, whatever the others are, and each item is whole."""
    body = f"<title>{text}</title>"
    headers = HTML
    if said_in == "header":
        headers = [("Content-Type", f"text/html; charset={label}")]
    else:
        headers = [("Content-Type", "text/html")]
        body = f'<meta http-equiv=content-type content="text/html; charset={label}">{body}'
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", "<title>页</title><a href=/old>".encode()),
        response(f"{HOST}/old", body.encode(codec), headers=headers),
    )
    found, findings, report = crawl(workshop, source)
    assert found == {"/": ["页"], "/old": [text]}
    assert not findings.faults
    assert not report.unreadable.counts


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<meta charset=utf-8><title>\xff</title>", "not utf-8 throughout"),
        (b"<meta charset=gbk><title>\xb5\xe7\xff</title>", "not gbk throughout"),
        ("<title>电影</title>".encode("gbk"), "name no encoding and are not UTF-8"),
    ],
)
def test_what_does_not_decode_whole_is_not_blessed(workshop, body, words):
    """The import counts it, the starter says it on top, and verify refuses it."""
    plain = [("Content-Type", "text/html")]
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/", body, headers=plain))
    _, findings, report = crawl(workshop, source)
    assert words in report.unreadable.lines()[0]
    assert "1 page cannot be decoded: /" in findings.faults[0]
    starter = (workshop.target / "site.toml").read_text(encoding="utf-8")
    assert "# To be fixed first: 1 " in starter.partition("name =")[0]


def test_the_key_encoding_is_for_pages_that_do_not_say(workshop):
    """A page that says what it is in keeps that."""
    plain = [("Content-Type", "text/html")]
    silent = "<title>电影</title><a href=/b>".encode("gbk")
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", silent, headers=plain),
        response(f"{HOST}/b", "<title>页</title>".encode()),
    )
    found, findings, _ = crawl(workshop, source, extra='\nencoding = "gb2312"')
    assert found == {"/": ["电影"], "/b": ["页"]}
    assert not findings.faults


def test_all_members_of_a_gzip_body_count(workshop):
    """Servers send several, and nothing after the first is lost."""
    found, findings, _ = crawl(
        workshop, CASES / "archives" / "gzip-of-two-members.warc", "//li|//p"
    )
    assert sum(map(len, found.values())) == 3, found
    assert "/b" in "".join(findings.notes)


@pytest.mark.parametrize(
    ("headers", "encode", "leniency"),
    [
        ([("Content-Encoding", "gzip")], bytes, "plain although their header names a coding"),
        ([("Content-Encoding", "br")], bytes, "plain although their header names a coding"),
        ([("Content-Encoding", "deflate")], bytes, "plain although their header names a coding"),
        ([("Content-Encoding", "zstd")], bytes, "plain although their header names a coding"),
        ([("Content-Encoding", "utf-8")], bytes, "plain although their header names a coding"),
        (
            [("Transfer-Encoding", "chunked")],
            bytes,
            "whole although their header says that they came in chunks",
        ),
        (
            [("Content-Encoding", "gzip")],
            lambda body: gzipped(body[:20]) + gzipped(body[20:]) + b"rubbish",
            "followed by something that is not of their coding",
        ),
        ([("Content-Encoding", "gzip")], lambda body: gzipped(body) + b"\0" * 9, None),
        (
            [("Content-Encoding", "gzip")],
            lambda body: b"".join(gzipped(body[at : at + 1]) + gzipped(b"") for at in range(999)),
            None,
        ),
        (
            [("Content-Encoding", "deflate"), ("Content-Encoding", "gzip")],
            lambda body: gzipped(zlib.compress(body)),
            None,
        ),
        ([("Content-Encoding", "gzip, GZIP")], lambda body: gzipped(gzipped(body)), None),
        (
            [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")],
            gzipped,
            "whole although their header says that they came in chunks",
        ),
        ([("Content-Encoding", "deflate")], lambda body: zlib.compress(body)[2:-4], None),
        ([("Transfer-Encoding", "chunked")], lambda body: chunked(body, 7), None),
        *(
            (
                [("Transfer-Encoding", "chunked")],
                lambda body, end=end: chunked(body, 7).removesuffix(b"\r\n") + end,
                None if is_right else "followed by something that is not of their coding",
            )
            for end, is_right in (
                (b"X-Checksum: 12\r\nServer-Timing:\r\n\r\n", True),
                (b"X-Checksum: 12\r\n", True),
                (b"", True),
                (b"X-Checksum: 12\r\n\r\nrubbish", False),
                (b"\r\nX-Checksum: 12\r\n", False),
                (b"<p>rubbish: 1</p>\r\n\r\n", False),
            )
        ),
    ],
)
def test_bodies_are_taken_as_they_were_meant(workshop, headers, encode, leniency):
    """Headers describe the wire; what is not as they say is taken and counted."""
    body = page("a title", "/b") + b"<p>long enough to be cut in two</p>"
    source = write_warc(
        workshop.folder / "x.warc", response(f"{HOST}/", encode(body), headers=[*HTML, *headers])
    )
    report = workshop.run(source)
    assert workshop.pages() == {"/": body}
    assert dict(report.leniencies.counts) == ({leniency: 1} if leniency else {})


def test_plain_bodies_under_codings(workshop):
    """Of a public archive all pages are so."""
    report = workshop.run(CASES / "archives" / "plain-under-gzip.warc.gz")
    assert report.pages == 4
    assert dict(report.leniencies.counts) == {"plain although their header names a coding": 4}


@pytest.mark.parametrize(
    ("case", "pages"),
    [("killed.warc", 19), ("killed.warc.gz", 19), ("notail.warc", 20), ("onenl.warc", 20)],
)
def test_whole_records_are_kept(workshop, case, pages):
    """A broken end costs what is broken."""
    report = workshop.run(CASES / "archives" / case)
    assert report.pages == pages
    cut = [reason for reason in report.skips.counts if "cut short" in reason]
    assert len(cut) == (pages < 20)


@pytest.mark.parametrize("damage", ["length", "head", "rubbish", "gzip"])
def test_damage_in_the_middle_keeps_what_was_before(workshop, damage):
    """And says that what follows is not read."""
    records = [warc_bytes(response(f"{HOST}/{n}", page(f"{n}")), gz=False) for n in range(3)]
    if damage == "length":
        records[1] = records[1].replace(b"Content-Length: ", b"Content-Length: 9")
    elif damage == "head":
        records[1] = records[1].replace(b"Content-Length: ", b"Content-Lengt: ")
    elif damage == "rubbish":
        records[1] = b"\0" * 500
    else:
        records = [gzip.compress(record) for record in records]
        records[1] = records[1][:40] + b"\xff" * 40 + records[1][80:]
    source = workshop.folder / "x.warc"
    source.write_bytes(b"".join(records))
    report = workshop.run(source)
    assert workshop.pages()["/0"] == page("0")
    assert any("what follows it is not read" in reason for reason in report.skips.counts)


def test_a_record_without_an_answer_costs_itself(workshop):
    """A broken status line says nothing of the other records."""
    broken = warc_bytes(response(f"{HOST}/b", page("b")), gz=False).replace(
        b"HTTP/1.1 200 OK", b"HTTP/1.1 xxx no"
    )
    whole = [warc_bytes(response(f"{HOST}/{n}", page(f"{n}")), gz=False) for n in "ac"]
    source = workshop.folder / "x.warc"
    source.write_bytes(whole[0] + broken + whole[1])
    report = workshop.run(source)
    assert set(workshop.pages()) == {"/a", "/c"}
    assert dict(report.skips.counts) == {"with status unknown": 1}


@pytest.mark.parametrize(
    ("case", "pages", "skipped"),
    [
        ("byte-order-mark.har", 1, {}),
        ("nullresponse.har", 1, {"without an answer": 2}),
        ("strstatus.har", 1, {}),
        ("b64nl.har", 3, {}),
    ],
)
def test_dialects_of_har(workshop, case, pages, skipped):
    """An odd entry costs itself, and its address is named."""
    report = workshop.run(CASES / "har" / case)
    assert report.pages == pages
    assert dict(report.skips.counts) == skipped


def test_a_har_in_a_zip_file_has_the_same_pages(workshop):
    """With its bodies beside it, there or here: they have the same names in both."""
    recorded = CASES / "har" / "playwright"
    with zipfile.ZipFile(recorded / "zip.har.zip") as file:
        file.extractall(workshop.folder / "har")
    shutil.copy(recorded / "attach.har", workshop.folder / "har")
    report = workshop.run(workshop.folder / "har" / "attach.har")
    assert (report.pages, dict(report.skips.counts)) == (2, {})
    unpacked = workshop.pages()
    workshop.run(CASES / "har" / "playwright" / "zip.har.zip", force=True)
    assert workshop.pages() == unpacked


@pytest.mark.parametrize("mark", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("is_gzip", [True, False])
def test_a_har_in_other_encodings_and_compressed(workshop, mark, is_gzip):
    """Fiddler writes a mark, and large ones are kept in gzip."""
    source = write_har(workshop.folder / "x.har", har_entry(f"{HOST}/", page("a")))
    text = source.read_text(encoding="utf-8").encode(mark)
    source.write_bytes(gzip.compress(text) if is_gzip else text)
    source = source.rename(workshop.folder / ("x.har.gz" if is_gzip else "x.har"))
    workshop.run(source)
    assert workshop.pages() == {"/": page("a")}


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "link", "sub/../../secret", "\0", "."]
)
def test_no_path_leads_out_of_a_har(workshop, name):
    """Neither by dots nor by a link."""
    (workshop.folder / "secret").write_bytes(page("secret"))
    folder = workshop.folder / "har"
    folder.mkdir()
    (folder / "link").symlink_to(workshop.folder / "secret")
    odd = har_entry(f"{HOST}/b", text=None, encoding=None, _file=name)
    source = write_har(folder / "x.har", har_entry(f"{HOST}/", page("a")), odd)
    report = workshop.run(source)
    assert set(workshop.pages()) == {"/"}
    assert list(report.skips.counts) in (
        ["kept in a file that is not beside the HAR"],
        ["kept in a file that cannot be read"],
    )


def write_wacz(path, *warcs):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("datapackage.json", "{}")
        archive.writestr("pages/pages.jsonl", "{}")
        for number, warc in enumerate(warcs):
            archive.writestr(f"archive/data-{number}.warc.gz", warc)
    return path


def test_a_wacz_and_several_warcs(workshop):
    """In a zip file, a folder, an unpacked WACZ, or one by one."""
    warcs = [warc_bytes(response(f"{HOST}/{n}", page(f"{n}"))) for n in range(3)]
    both = {f"/{n}": page(f"{n}") for n in range(3)}
    workshop.run(write_wacz(workshop.folder / "x.wacz", *warcs))
    assert workshop.pages() == both
    folder = workshop.folder / "crawl" / "archive"
    folder.mkdir(parents=True)
    files = [folder / f"{n}.warc.gz" for n in range(3)]
    for file, warc in zip(files, warcs, strict=True):
        file.write_bytes(warc)
    for source in (folder, folder.parent, files):
        workshop.run(source, force=True)
        assert workshop.pages() == both


def test_an_arc_is_read(workshop):
    """The format that came before WARC, by warcio."""
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page("arc")
    head = b"1 0 Crawler\nURL IP-address Archive-date Content-type Archive-length\n"
    arc = b"filedesc://x.arc 0.0.0.0 20040101000000 text/plain %d\n" % len(head) + head + b"\n"
    arc += b"%b/ 1.2.3.4 20040101000000 text/html %d\n" % (HOST.encode(), len(body)) + body + b"\n"
    for name, data in (("x.arc", arc), ("y.arc.gz", gzip.compress(arc))):
        source = workshop.folder / name
        source.write_bytes(data)
        workshop.run(source, force=True)
        assert workshop.pages() == {"/": page("arc")}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x28\xb5\x2f\xfd....", "zstd -d"),
        (b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\n", "MHTML"),
        (b"bplist00abc", ".webarchive"),
        (b"%PDF-1.4", "a PDF"),
        (b"<!doctype html><title>x</title>", "a single page"),
        (b"BZh9", "bunzip2"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"a" * 257 + b"ustar", "tar -xf"),
        (b"com,example)/ 2024", "of no kind that crawlbench reads"),
        (b"PK\x03\x04broken", "is not a whole zip file"),
        (b"", "of no kind that crawlbench reads"),
    ],
)
def test_other_kinds_are_one_sentence_with_the_way_out(workshop, content, words):
    """What it is, and how to convert it."""
    source = workshop.folder / "x.bin"
    source.write_bytes(content)
    assert words in workshop.refusal(source)


def test_a_zip_file_of_pages_is_to_be_unpacked(workshop):
    """It could be the zip of a folder, but nobody knows of which host."""
    source = workshop.folder / "x.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("index.html", "<p>")
    assert "unpack it and import the folder" in workshop.refusal(source)


def test_links_are_followed_as_browsers_follow_them(workshop):
    """Blanks, backslashes, ports, dots, escapes, other schemes."""
    found, findings, report = crawl(workshop, CASES / "archives" / "links.warc")
    assert len(found) == report.pages == 15
    assert not [note for note in findings.notes if "no link leads" in note]


def test_hosts_in_other_letters_are_hosts(workshop):
    """IDN in raw letters, in upper case, and as it goes over the wire."""
    found, _, report = crawl(workshop, CASES / "archives" / "idn.warc")
    assert set(found) == {"/", "/one", "/two", "/three"}
    assert report.start == "http://xn--bcher-kva.example/"


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("\n  /b\t", "/b"),
        ("b?x=1#top", "/dir/b?x=1"),
        ("\\b", "/b"),
        ("HTTPS://DOCS.example.org:443/b", "/b"),
        ("//docs.example.org./b", "/b"),
        ("/%62", "/b"),
        ("/dir/../b", "/b"),
        ("/dir/%2e%2E/b", "/b"),
        ("/b c", "/b%20c"),
        ("/页", "/%E9%A1%B5"),
    ],
)
def test_one_link_in_many_spellings(workshop, href, address):
    """Each leads to the page that a browser would show."""
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/dir/", f'<title>a</title><a href="{href}">'.encode()),
        response(HOST + address, b"<title>b</title>"),
    )
    assert set(crawl(workshop, source)[0]) == {"/dir/", address}


@pytest.mark.parametrize(
    ("base", "address"),
    [("/docs/", "/docs/b"), (f"{HOST}/x/y", "/x/b"), ("../up/", "/up/b"), ("http://[", "/dir/b")],
)
def test_a_base_counts(workshop, base, address):
    """Absolute or not; one that is not an address does not."""
    body = f'<base href="{base}"><title>a</title><a href="b">'.encode()
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/dir/", body),
        response(HOST + address, b"<title>b</title>"),
    )
    assert set(crawl(workshop, source)[0]) == {"/dir/", address}


def test_queries_are_escaped_in_the_pages_encoding(workshop):
    """A browser that follows a link of a gbk page asks in gbk."""
    gbk = [("Content-Type", "text/html; charset=gbk")]
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", '<title>a</title><a href="/q?k=电">'.encode("gbk"), headers=gbk),
        response(f"{HOST}/q?k=%B5%E7", b"<title>b</title>", headers=gbk),
    )
    assert set(crawl(workshop, source)[0]) == {"/", "/q?k=%B5%E7"}


def test_blanks_around_links_of_a_folder(workshop):
    """Line breaks too."""
    found, _, _ = crawl(workshop, CASES / "folders" / "href-blank")
    assert found == {"/": ["home"], "/one.html": ["one"], "/two.html": ["two"]}


def test_pages_are_known_by_how_they_begin(workshop):
    """A mark, XML's own line, no doctype: WHATWG's table."""
    found, _, _ = crawl(workshop, CASES / "folders" / "sniff")
    assert len(found) == 5


@pytest.mark.parametrize(
    ("body", "is_taken"),
    [
        (b"<!-- x --><title>a</title>", True),
        (b"\xef\xbb\xbf  <h1>a", True),
        (b'<?xml version="1.0"?><!-- x --><html><title>a', True),
        (b'<?xml version="1.0"?><rss><title>a', False),
        (b'{"a": 1}', False),
        (b"<bold>", False),
    ],
)
def test_one_rule_for_answers_without_a_type(workshop, body, is_taken):
    """In WARCs as in recordings and folders."""
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", page("a")),
        response(f"{HOST}/b", body, headers=[("X-A", "1")]),
        response(f"{HOST}/c", body, headers=[("Content-Type", "application/unknown")]),
    )
    workshop.run(source)
    assert set(workshop.pages()) == ({"/", "/b", "/c"} if is_taken else {"/"})
    folder = workshop.folder / "copy"
    folder.mkdir()
    (folder / "index.html").write_bytes(page("a"))
    (folder / "b").write_bytes(body)
    workshop.run(folder, force=True)
    assert ("/b" in workshop.pages()) is is_taken


def test_an_answer_without_a_type(workshop):
    """The archive of the report."""
    assert workshop.run(CASES / "archives" / "no-content-type.warc").pages == 1


def test_a_default_value_of_a_parameter(workshop):
    """The page with it is the page itself, and the note can be pasted."""
    body = page("a", "/?page=1", "/?page=2&lang=en")
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", body),
        response(f"{HOST}/?page=1", body),
        response(f"{HOST}/?page=2", page("b")),
        response(f"{HOST}/?page=2&lang=en", page("b")),
    )
    _, findings, _ = crawl(workshop, source)
    line = 'default_parameters = ["page=1", "lang=en"]'
    assert any(f"write in [addresses]: {line}" in note for note in findings.notes), findings.notes
    shutil.rmtree(workshop.target)
    found, findings, _ = crawl(workshop, source, extra=f"\n[addresses]\n{line}")
    assert found == {"/": ["a"], "/?page=2": ["b"]}
    assert not findings.faults


@pytest.mark.parametrize(
    "key",
    ['drop_parameters = ["utm_*"]', 'default_parameters = ["page=9"]', 'index = ["home.html"]'],
)
def test_a_key_that_matches_nothing_is_refused(workshop, key):
    """It is a slip of the pen, and would be found out much later."""
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/", page("a", "/?page=1")))
    _, findings, _ = crawl(workshop, source, extra=f"\n[addresses]\n{key}")
    (fault,) = findings.faults
    assert "matches no address and no link of these pages" in fault


def test_a_failed_page_of_the_named_host_is_told_by_its_reason(workshop):
    """Not by the host, which is right."""
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/", b"   "))
    assert workshop.refusal(source, f"{HOST}/").endswith(
        "1 empty, such as https://docs.example.org/"
    )


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("", "is not utf-8 throughout, and names no encoding; write it at the top of"),
        ("<meta charset=gbk>", "is not gbk throughout, although it says so (illegal multibyte"),
        ("<meta charset=shift_jis>", "is not shift_jis throughout, although it says so ("),
    ],
)
def test_what_cannot_be_decoded_says_whose_fault_it_is(workshop, declared, words):
    """The page's, which names an encoding, or the site file's, which is to name one."""
    body = declared.encode() + b"<title>\xb5\xe7\xff</title>"
    plain = [("Content-Type", "text/html")]
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/", body, headers=plain))
    _, findings, _ = crawl(workshop, source)
    assert findings.faults[0].startswith(f"1 page cannot be decoded: / {words}")
    first = (workshop.target / "site.toml").read_text(encoding="utf-8").partition("\n")[0]
    assert "Fix what is named below, then verify it: crawlbench" in first


@pytest.mark.parametrize(
    ("href", "hint"),
    [
        ("/list?sort=up", "; /list is here: if its query says nothing, write in [addresses]: "),
        ("/list?sort", 'drop_parameters = ["sort"]'),
        ("/gone?sort=up", ""),
        ("/gone", ""),
    ],
)
def test_a_link_whose_page_is_here_without_its_query_is_told(workshop, href, hint):
    """As a file server sees it; what is not here at all has no hint."""
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", f'<title>a</title><a href="{href}">b</a>'.encode()),
        response(f"{HOST}/list", b"<title>c</title>"),
    )
    _, findings, _ = crawl(workshop, source)
    note = next(note for note in findings.notes if "are not here" in note)
    assert hint in note
    assert ("is here" in note) == bool(hint)


def test_the_way_to_a_site_of_json_is_told(workshop):
    """Where there is nothing but JSON, and not where something else was left out."""
    api = har_entry(f"{HOST}/api", b"{}", headers=[("Content-Type", "application/json")])
    source = write_har(workshop.folder / "x.har", api)
    assert "; write a site of JSON in Python, see docs/your-site.md" in workshop.refusal(source)
    image = har_entry(f"{HOST}/a.png", b"x", headers=[("Content-Type", "image/png")])
    source = write_har(workshop.folder / "y.har", image)
    assert "Python" not in workshop.refusal(source)


def test_json_is_named(workshop):
    """A HAR of an application holds answers that no selector reads."""
    api = har_entry(f"{HOST}/api", b"{}", headers=[("Content-Type", "application/json")])
    source = write_har(workshop.folder / "x.har", api)
    assert "1 no HTML but JSON" in workshop.refusal(source)


@pytest.mark.parametrize("body", [b"<p>no title", b"<frameset>", b"text", b"<title></title>"])
def test_a_starter_verifies_untouched(workshop, body):
    """Whatever the pages lack."""
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/", body))
    workshop.run(source)
    site = open_site(str(workshop.target / "site.toml"), is_verified=False)
    survey = Survey(site, compile_lxml(site.spec))
    read = survey.read(f"http://127.0.0.1:9{site.spec.path}", body)
    assert [item.title for item in read.items] == ["untitled"]
    assert survey.finish(1).faults == []


def test_a_page_that_fits_no_kind_is_told_by_the_pattern(workshop):
    """It is not the selector that is to be mended."""
    source = write_warc(workshop.folder / "x.warc", response(f"{HOST}/a.html", page("a")))
    workshop.run(source)
    text = SITE.format(start=f"{HOST}/a.html", items="//title").replace("'/.*'", "'/b'")
    (workshop.folder / "x.toml").write_text(text, encoding="utf-8")
    site = open_site(str(workshop.folder / "x.toml"), is_verified=False)
    survey = Survey(site, compile_lxml(site.spec))
    survey.read("http://127.0.0.1:9/a.html", page("a"))
    (fault, *_) = survey.finish(1).faults
    assert "no pattern of [[kinds]] fits /a.html; widen a pattern" in fault


def test_a_manifest_says_what_each_page_is_in(workshop):
    """And no page that does not say."""
    plain = [("Content-Type", "text/html")]
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", b"<p>", headers=plain),
        response(f"{HOST}/b", b"<p>", headers=[("Content-Type", "text/html; charset=latin1")]),
    )
    workshop.run(source)
    pages = json.loads((workshop.target / "manifest.json").read_text(encoding="utf-8"))["pages"]
    assert [entry.get("encoding") for entry in pages] == [None, "windows-1252"]


@pytest.mark.parametrize("is_gzip", [True, False])
def test_a_har_may_be_large_but_not_endless(workshop, monkeypatch, is_gzip):
    """The limit is named, and what has none."""
    source = write_har(workshop.folder / "x.har", har_entry(f"{HOST}/", page("a")))
    size = source.stat().st_size
    if is_gzip:
        source.write_bytes(gzip.compress(source.read_bytes()))
    monkeypatch.setattr("crawlbench.archive.sources.MAX_HAR_BYTES", size - 1)
    assert "a WARC may have any size" in workshop.refusal(source)
    monkeypatch.setattr("crawlbench.archive.sources.MAX_HAR_BYTES", size)
    assert workshop.run(source).pages == 1


@pytest.mark.parametrize("excess", [0, 1])
@pytest.mark.parametrize("encoding", [None, "base64"])
def test_a_page_of_a_har_may_be_large_but_not_endless(workshop, encoding, excess):
    """32 MB are kept; a byte more is no page, as in a WARC."""
    text = "<p>".ljust(32 * 2**20 + excess)
    if encoding:
        text = base64.b64encode(text.encode()).decode()
    big = har_entry(f"{HOST}/b", text=text, encoding=encoding)
    source = write_har(workshop.folder / "x.har", har_entry(f"{HOST}/", page("a")), big)
    report = workshop.run(source)
    assert report.pages == 2 - excess
    assert dict(report.skips.counts) == ({"larger than 32 MB": 1} if excess else {})


@pytest.mark.parametrize("times", [4, 5])
def test_codings_may_be_several_but_not_any_number(workshop, times):
    """Four are undone; of more the number is named."""
    body = page("many")
    for _ in range(times):
        body = gzipped(body)
    headers = [*HTML, ("Content-Encoding", ", ".join(["gzip"] * times))]
    source = write_warc(
        workshop.folder / "x.warc",
        response(f"{HOST}/", page("a")),
        response(f"{HOST}/b", body, headers=headers),
    )
    report = workshop.run(source)
    assert report.pages == (2 if times == 4 else 1)
    assert times == 4 or list(report.skips.counts) == ["coded 5 times, of which 4 are undone"]


def test_a_null_method_is_get(workshop):
    """As other nulls: it says nothing."""
    source = write_har(workshop.folder / "x.har", har_entry(f"{HOST}/", page("a"), method=None))
    assert workshop.run(source).pages == 1
