"""One small site as many programs keep it: crawlers, browsers, proxies and copiers, and damaged.

Each function of `ARCHIVES` writes an archive into a folder and returns where it is.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.archive.archives import chunked, gzipped, in_base64

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "https://www.example.org"
TITLES = {"/": "電影", "/b": "電影 2", "/c?x=1": "影 3"}
LINKS = {"/": "/b", "/b": "c?x=1", "/c?x=1": "/"}
UTF8 = (("Content-Type", "text/html; charset=utf-8"),)
PLAIN = (("Content-Type", "text/html"),)
CUT = "what follows it is not read"


@dataclass(frozen=True)
class Archive:
    """How an archive is made, and what is right."""

    build: Callable
    titles: dict[str, str] = field(default_factory=lambda: TITLES)
    skips: dict[str, int] = field(default_factory=dict)
    leniencies: dict[str, int] = field(default_factory=dict)
    refusal: str = ""
    """Of what is refused: words of the one sentence."""


def html(address, encoding="utf-8", head=""):
    link = f'<a href="{LINKS[address]}">on</a>'
    return f"{head}<!doctype html><title>{TITLES[address]}</title><body>{link}".encode(encoding)


def lines(*parts, end=b"\r\n"):
    return end.join(part.encode("latin-1") for part in (*parts, "", ""))


def http(body, headers=UTF8, status="HTTP/1.1 200 OK", end=b"\r\n"):
    return lines(status, *(f"{name}: {value}" for name, value in headers), end=end) + body


def warc_record(kind, url, block, version="WARC/1.0", **fields):
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    head = {
        "WARC-Type": kind,
        "WARC-Target-URI": url,
        "WARC-Date": "2026-01-01T00:00:00Z",
        "WARC-Record-ID": "<urn:uuid:00000000-0000-0000-0000-000000000000>",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": len(block),
        **named,
    }
    return (
        lines(version, *(f"{name}: {value}" for name, value in head.items())) + block + b"\r\n\r\n"
    )


def responses(make=http, url=HOST + "{}", encoding="utf-8", head="", **fields):
    return [
        warc_record("response", url.format(a), make(html(a, encoding, head)), **fields)
        for a in TITLES
    ]


def written(name, join=b"".join):
    """Decorate a function that returns records or bytes so that it writes a file of that name."""

    def decorate(function):
        def build(folder):
            made = function()
            (folder / name).write_bytes(made if isinstance(made, bytes) else join(made))
            return folder / name

        return build

    return decorate


def packed(records):
    return b"".join(map(gzipped, records))


def warc(**options):
    return written("x.warc")(lambda: responses(**options))


def coded(coding, encode):
    headers = (*UTF8, ("Content-Encoding", coding))
    return warc(make=lambda body: http(encode(body), headers))


@written("x.warc.gz", packed)
def wget():
    info = warc_record("warcinfo", "", b"software: Wget/1.21.3 (linux-gnu)\r\nformat: WARC\r\n")
    ask = warc_record("request", f"<{HOST}/>", b"GET / HTTP/1.1\r\n\r\n")
    log = warc_record("resource", "metadata://gnu.org/software/wget/warc/wget.log", b"log\n")
    return [
        info,
        ask,
        *responses(url=f"<{HOST}{{}}>"),
        log.replace(b"application/http", b"text/plain"),
    ]


@written("x.warc.gz", packed)
def heritrix():
    dns = warc_record(
        "response", "dns:www.example.org", b"20260101000000\nwww.example.org. 1 IN A 1\n"
    )
    facts = warc_record("metadata", f"{HOST}/", b"fetchTimeMs: 17\r\noutlink: /b L a/@href\r\n")
    headers = (*UTF8, ("Transfer-Encoding", "chunked"))
    return [dns, *responses(lambda body: http(chunked(body, 9), headers)), facts]


def browsertrix_records():
    again = warc_record("revisit", f"{HOST}/b", http(b""), version="WARC/1.1")
    info = warc_record("resource", "urn:pageinfo:x", b"{}", Content_Type="application/json")
    text = warc_record("resource", "urn:text:x", b"text", Content_Type="text/plain")
    made = responses(lambda body: http(body, UTF8, "HTTP/1.1 200"), version="WARC/1.1")
    return [*made, again, info, text]


@written("x.warc.gz", packed)
def common_crawl():
    headers = (*UTF8, ("X-Crawl-Content-Encoding", "gzip"), ("Content-Length", "9"))
    kept = [warc_record("response", HOST + a, http(html(a), headers)) for a in TITLES]
    crawl = warc_record("metadata", HOST, b"charset-detected: UTF-8\r\n")
    return [*kept, crawl]


@written("x.warc.gz", packed)
def warcprox():
    headers = (*UTF8, ("Content-Encoding", "gzip"), ("Set-Cookie", "a=b"))
    ask = warc_record("request", f"{HOST}/", b"CONNECT www.example.org:443 HTTP/1.1\r\n\r\n")
    return [ask, *responses(lambda body: http(gzipped(body), headers))]


@written("x.warc", b"".join)
def warcit():
    return [
        warc_record("resource", HOST + a, html(a), Content_Type="text/html; charset=utf-8")
        for a in TITLES
    ]


@written("x.warc", b"".join)
def storm_crawler():
    folded = (("Content-Type", "text/html;\r\n charset=utf-8"), ("Server", "\xe9"))
    return responses(lambda body: http(body, folded, "HTTP/2 200", end=b"\n"))


@written("x.warc.gz", lambda records: gzip.compress(b"".join(records), mtime=0))
def one_member():
    return responses()


@written("x.arc", b"".join)
def arc():
    head = b"1 0 Crawler\nURL IP-address Archive-date Content-type Archive-length\n"
    yield b"filedesc://x.arc 0.0.0.0 20040101000000 text/plain %d\n%b\n" % (len(head), head)
    for address in TITLES:
        block = http(html(address))
        url = f"{HOST}{address}".encode()
        yield b"%b 1.2.3.4 20040101000000 text/html %d\n%b\n" % (url, len(block), block)


def wacz(*members, name="x.wacz", method=zipfile.ZIP_STORED):
    """Return what writes a zip file of these members, each with its name."""

    def build(folder):
        with zipfile.ZipFile(folder / name, "w", method) as file:
            file.writestr("datapackage.json", '{"profile": "data-package"}')
            file.writestr("pages/pages.jsonl", '{"format": "json-pages-1.0"}\n')
            for member, data in members:
                file.writestr(member, data)
        return folder / name

    return build


def har_entry(address, body, entry=(), response=(), **content):
    answer = {
        "status": 200,
        "headers": [{"name": "content-type", "value": "text/html"}],
        "content": {"size": len(body), "mimeType": "text/html", **content},
        **dict(response),
    }
    return {"request": {"method": "GET", "url": HOST + address}, "response": answer, **dict(entry)}


def text_of(address):
    return html(address).decode()


def har(entry_of, name="x.har", encode=lambda text: text.encode()):
    """Return what writes a HAR whose entries are made of each address."""

    def build(folder):
        entries = [entry_of(address) for address in TITLES]
        text = json.dumps({"log": {"version": "1.2", "entries": entries}}, ensure_ascii=False)
        (folder / name).write_bytes(encode(text))
        return folder / name

    return build


def chrome(address):
    coded_headers = [
        {"name": "content-type", "value": "text/html; charset=gbk"},
        {"name": "content-encoding", "value": "br"},
    ]
    entry = {"_initiator": {"type": "other"}, "_resourceType": "document"}
    return har_entry(
        address, html(address), entry, {"headers": coded_headers}, text=text_of(address)
    )


def firefox(address):
    mime = "text/html; charset=utf-8"
    answer = {"headers": [], "redirectURL": "", "cookies": []}
    return har_entry(address, html(address), (), answer, mimeType=mime, text=text_of(address))


def folder_of(names, start="copy", head="", encoding="utf-8"):
    """Return what writes a folder: each address under its name, and links as they were."""

    def build(folder):
        for address, name in names.items():
            path = folder / start / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(html(address, encoding, head))
        return folder / start

    return build


def damaged(function, change, name="x.warc.gz"):
    """Return what writes the archive of another, changed."""

    def build(folder):
        source = function(folder)
        data = change(source.read_bytes())
        source.unlink()
        (folder / name).write_bytes(data)
        return folder / name

    return build


def without_middle(data):
    """Return a WARC of gzip members whose second, a request, is hurt."""
    at = [n for n in range(len(data)) if data.startswith(b"\x1f\x8b\x08", n)]
    return data[: at[1] + 40] + b"\0" * 30 + data[at[1] + 70 :]


def tarred(data):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x.warc"), io.BytesIO(data))
    return file.getvalue()


def broken(why):
    return f"broken or cut short ({why}); {CUT}"


def some(*addresses):
    return {address: TITLES[address] for address in addresses}


META = "<!doctype html><meta charset={}>"
DECLARED = '<?xml version="1.0" encoding="{}"?>'
WGET_NAMES = {"/": "index.html", "/b": "b", "/c?x=1": "c?x=1"}
WINDOWS_NAMES = {"/": "index.html", "/b": "b", "/c?x=1": "c@x=1"}
HTML_NAMES = {"/": "index.html", "/b": "b.html", "/c?x=1": "c?x=1.html"}

ARCHIVES = {
    # crawlers
    "wget": Archive(wget, skips={"without an http address": 1}),
    "heritrix": Archive(heritrix, skips={"without an http address": 1}),
    "heritrix 2": Archive(warc(version="WARC/0.18")),
    "heritrix 1": Archive(arc),
    "browsertrix": Archive(
        written("x.warc.gz", packed)(browsertrix_records),
        skips={
            "without an http address": 2,
            "a revisit, which has no body of its own": 1,
        },
    ),
    "browsertrix wacz": Archive(
        wacz(
            ("archive/rec-0.warc.gz", packed(browsertrix_records())), ("indexes/index.cdx.gz", b"x")
        ),
        skips={"without an http address": 2, "a revisit, which has no body of its own": 1},
    ),
    "wacz of several": Archive(
        wacz(*((f"archive/{n}.warc.gz", gzipped(r)) for n, r in enumerate(responses())))
    ),
    "wacz deflated": Archive(
        wacz(("archive/a.warc", b"".join(responses())), method=zipfile.ZIP_DEFLATED)
    ),
    "common crawl": Archive(common_crawl),
    "warcprox": Archive(warcprox),
    "warcit": Archive(warcit),
    "storm crawler": Archive(storm_crawler),
    "one gzip member": Archive(one_member),
    # codings
    "deflate": Archive(coded("deflate", zlib.compress)),
    "two codings": Archive(coded("gzip, gzip", lambda body: gzipped(gzipped(body)))),
    "plain under gzip": Archive(
        coded("gzip", bytes),
        leniencies={"plain although their header names a coding": 3},
    ),
    # browsers and proxies
    "chrome": Archive(har(chrome)),
    "firefox": Archive(har(firefox)),
    "fiddler": Archive(har(firefox, encode=lambda text: text.encode("utf-8-sig"))),
    "charles": Archive(
        har(lambda a: har_entry(a, b"", **in_base64(html(a, head=META.format("utf-8")))))
    ),
    "har.gz": Archive(har(firefox, "x.har.gz", lambda text: gzip.compress(text.encode(), mtime=0))),
    "chrome without content": Archive(
        har(lambda a: har_entry(a, b"")), refusal="3 saved without its body"
    ),
    "har with odd entries": Archive(
        har(lambda a: firefox(a) if a != "/c?x=1" else {"request": None}),
        some("/", "/b"),
        {"without an address": 1},
    ),
    "har of texts for numbers": Archive(
        har(
            lambda a: har_entry(
                a, b"", (), {"status": "200"}, **in_base64(html(a, head=META.format("utf8")))
            )
        )
    ),
    # copiers
    "wget --mirror": Archive(folder_of(WGET_NAMES, "www.example.org", META.format("utf-8"))),
    "wget for windows": Archive(folder_of(WINDOWS_NAMES, "www.example.org", META.format("utf-8"))),
    "wget -E": Archive(
        folder_of(HTML_NAMES, "www.example.org", META.format("utf-8")),
        {"/": TITLES["/"], "/b.html": TITLES["/b"], "/c?x=1": TITLES["/c?x=1"]},
    ),
    "wget -nH": Archive(folder_of(WGET_NAMES, "copy", META.format("utf-8"))),
    "wget with protocols": Archive(
        folder_of({a: f"https/www.example.org/{n}" for a, n in WGET_NAMES.items()}, "copy")
    ),
    # encodings
    "gb18030 by header": Archive(
        warc(
            make=lambda body: http(body, (("Content-Type", "text/html; charset=gb2312"),)),
            encoding="gb18030",
        )
    ),
    "big5 by meta": Archive(
        warc(make=lambda b: http(b, PLAIN), encoding="big5", head=META.format("big5"))
    ),
    "shift_jis by meta": Archive(
        warc(make=lambda b: http(b, PLAIN), encoding="cp932", head=META.format("x-sjis")),
    ),
    "euc-jp by xml": Archive(
        warc(make=lambda b: http(b, PLAIN), encoding="euc_jp", head=DECLARED.format("euc-jp"))
    ),
    "utf-16 by its mark": Archive(warc(make=lambda b: http(b, PLAIN), encoding="utf-16")),
    "utf-8 by its mark": Archive(
        warc(make=lambda b: http(b, PLAIN), encoding="utf-8-sig", head=META.format("gbk"))
    ),
    "gbk in base64": Archive(
        har(lambda a: har_entry(a, b"", **in_base64(html(a, "gbk", META.format("gbk")))))
    ),
    "gbk folder": Archive(folder_of(WGET_NAMES, "www.example.org", META.format("gbk"), "gbk")),
    # damage
    "cut within the last body": Archive(
        damaged(written("x.warc.gz", packed)(responses), lambda data: data[:-30]),
        some("/", "/b"),
        {broken("the gzip file ends too early"): 1},
    ),
    "hurt in the middle": Archive(
        damaged(wget, without_middle),
        skips={
            "without an http address": 1,
            broken("its gzip data are damaged") + " until another record begins": 1,
        },
    ),
    "followed by zeros": Archive(damaged(warcit, lambda data: gzipped(data) + b"\0" * 10_000)),
    "cut har": Archive(
        damaged(har(firefox), lambda data: data[:-30], "x.har"), refusal="is not a whole HAR file"
    ),
    "cut har.gz": Archive(
        damaged(har(firefox), lambda data: gzipped(data)[:-30], "x.har.gz"),
        refusal="cut short within its compression",
    ),
    "cut wacz": Archive(
        damaged(wacz(("archive/a.warc", b"".join(responses()))), lambda data: data[:-60], "x.wacz"),
        refusal="is not a whole zip file",
    ),
    "zip of pages": Archive(
        wacz(("index.html", html("/")), name="x.zip"), refusal="unpack it and import the folder"
    ),
    "tar of a warc": Archive(damaged(warcit, tarred, "x.warc.tar"), refusal="unpack it (tar -xf)"),
    "page under a har's name": Archive(
        damaged(warcit, lambda _: b"<!doctype html>", "x.har"), refusal="is not a whole HAR file"
    ),
    "index of a warc": Archive(
        damaged(warcit, lambda _: b" CDX N b a m s k r\norg,example)/ 2026", "x.cdx"),
        refusal="of no kind that crawlbench reads",
    ),
    "folder of pictures": Archive(
        lambda folder: damaged(warcit, lambda _: b"\x89PNG", "a.png")(folder / "").parent,
        refusal="1 no HTML",
    ),
}
