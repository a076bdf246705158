"""Archives as crawlers and browsers write them."""

import base64
import gzip
import json

HTML = [("Content-Type", "text/html; charset=utf-8")]
HOST = "https://docs.example.org"
NO_ID = "<urn:uuid:00000000-0000-0000-0000-000000000000>"


def page(title="Title", *links, host=""):
    anchors = "".join(f'<a href="{host}{link}">x</a>' for link in links)
    return f"<!doctype html><title>{title}</title><main>{anchors}</main>".encode()


def chunked(body, size=100):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def response(url, body=b"", status="200 OK", headers=HTML, **record_headers):
    """Return a captured response: url, status, headers, body and the record's own headers."""
    names = {name.replace("_", "-"): value for name, value in record_headers.items()}
    return (url, status, headers, body, names)


def warc_bytes(*responses, gz=True):
    """Return a WARC with an info record, and each response with its request.

    A response's own header X-Method is the method of its request; X-First writes that first.
    """
    records = [record("warcinfo", "x.warc", b"software: test\r\n", {})]
    for url, status, headers, body, record_headers in responses:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
        head = "\r\n".join(lines).encode()
        asked = f"{record_headers.get('X-Method', 'GET')} / HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        pair = [record("response", url, head + body, record_headers)]
        pair.insert(0 if "X-First" in record_headers else 1, record("request", url, asked, {}))
        records += pair
    return b"".join(gzipped(record) if gz else record for record in records)


def record(kind, url, block, headers):
    fields = {
        "WARC-Type": kind,
        "WARC-Target-URI": url,
        "WARC-Date": "2026-01-01T00:00:00Z",
        "WARC-Record-ID": NO_ID,
        "Content-Type": "application/http",
        "Content-Length": len(block),
        **headers,
    }
    lines = ["WARC/1.0", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode() + block + b"\r\n\r\n"


def write_warc(path, *responses, gz=True):
    path.write_bytes(warc_bytes(*responses, gz=gz))
    return path


def in_base64(body):
    """Return what a HAR says of a body that is no text."""
    return {"text": base64.b64encode(body).decode(), "encoding": "base64"}


def har_entry(url, body=b"", status=200, method="GET", headers=HTML, **content):
    given = {**in_base64(body), "mimeType": "text/html"}
    return {
        "request": {"method": method, "url": url},
        "response": {
            "status": status,
            "headers": [{"name": name, "value": value} for name, value in headers],
            "content": {**given, **content},
            "redirectURL": "",
        },
    }


def write_har(path, *entries):
    path.write_text(json.dumps({"log": {"entries": entries}}))
    return path


def gzipped(body):
    return gzip.compress(body, mtime=0)


NAVIGATION = (
    '<nav><a href="/">home</a> <a href="/guide/?utm_source=nav">guide</a> '
    '<a href="/api.html#top">api</a> <a href="https://elsewhere.example/">elsewhere</a> '
    '<a href="mailto:x@example.org">mail</a></nav>'
)


def entries(chapter, count):
    return "".join(
        f'<section class="entry"><h2>Entry {chapter} {n}<a href="#{chapter}-{n}">&para;</a></h2>'
        f'<span class="since" data-version="1.{n}">since {1000 + n}</span> 页</section>'
        for n in range(count)
    )


def documentation():
    """Return the pages of a small documentation site by their path in a web server's folder."""

    def html(title, body):
        head = f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title></head>"
        return f"{head}<body>{NAVIGATION}<main>{body}</main></body></html>".encode()

    return {
        "index.html": html("Docs", entries("home", 3)),
        "guide/index.html": html("Guide", entries("guide", 5) + '<nav><a href="a%20b.html">'),
        "guide/a b.html": html("A b", entries("blank", 4) + '<nav><a href="../gone.html">'),
        "api.html": html("API", entries("api", 20)),
        "logo.png": b"\x89PNG",
    }


SITE_FILE = """
name = "docs"
start = "{start}"
pages = "site"

[addresses]
drop_parameters = ["utm_*"]

[[kinds]]
pattern = '/.*'
items = "section.entry"
links = "nav a"

[[kinds.fields]]
name = "title"
selector = "h2"
strip = "¶"

[[kinds.fields]]
name = "anchor"
selector = "h2 > a"
attribute = "href"
regex = "#(.*)"

[[kinds.fields]]
name = "since"
selector = ".since"
convert = "first number"

[[kinds.fields]]
name = "version"
selector = ".since"
attribute = "data-version"
convert = "float"
"""
