"""The mirror beside nginx: no request gets its page here that nginx would refuse."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time

import pytest
from tests.mirror.test_strictness import CASES, HOST, LAST_CHUNK, head
from tests.mirror.wire import PATIENCE_S

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
CONFIGURATION = """
user {user};  # which only root may choose: its worker would be somebody who cannot read the folder
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log crit;
daemon off;
events {{ worker_connections 100; }}
http {{
  access_log off;
  root {folder}/pages;
  default_type text/html;
  large_client_header_buffers 4 128k;  # as large as the mirror's, or nginx would stop at 8 KiB
  client_body_temp_path {folder}/bodies;
  server {{ listen 127.0.0.1:{port}; }}
}}
"""
H = HOST[:-2]
PATIENT_S = 0.3
"""After which a mirror that has said nothing waits for more; it answers within milliseconds."""

TARGETS = (
    *("/top250%00", "/top250%zz", "/top250%", "/../top250", "/top250/../../x", "/top250\0"),
    *("/top250\1", "/top250\x7f", "/top250\xff", "/top250?a b", '/top250?"<>', "top250", "*", ""),
    *("/top250#x", "//top250", "/./top250", "/top250?%zz", "/top250?x=\xe4", "/top250\t"),
    *("http:///top250", "http://a b/top250", "http://[::1/top250", "https://a/top250", "http://a"),
    *("http://127.0.0.1:99999/top250", "HTTP://a..b/top250", "https:///top250", "ftp://a/top250"),
)
LINES = (
    *("GET  /top250 HTTP/1.1", "GET /top250  HTTP/1.1", "GET\t/top250\tHTTP/1.1"),
    *(" GET /top250 HTTP/1.1", "GET /top250 HTTP/1.1 ", "GET /top250 http/1.1"),
    *("GET /top250 HTTP/01.1", "GET /top250 HTTP/1.10", "GET /top250 HTTP/1.01"),
    *("GET /top250 HTTP/1", "GET /top250 HTTP/1.", "GET /top250 HTTP/3.0", "GET /top250 HTTP /1.1"),
    *("GET /top250 FTP/1.1", "GE(T /top250 HTTP/1.1", "TRACE /top250 HTTP/1.1"),
    *("CONNECT a:80 HTTP/1.1", "OPTIONS * HTTP/1.1", "OPTIONS /top250 HTTP/1.1"),
    *("HEAD /top250 HTTP/1.1", "PUT /top250 HTTP/1.1", "PRI * HTTP/2.0", "GET /top250 HTTP/0.9"),
)
HOSTS = (
    *("", "a..b", ".a", "a_b", "-a", "a:99999", "a:0", "a:", ":80", "[::1", "::1", "[zz]", "a%20b"),
    *("a\\b", "a?b", "a#b", "\xff", "a\0b", "a\tb", "a;b", "*", "a.", "..", "a:80:80", "<a>"),
    *('"a"', "a\x7f", "a:-1", "a:+1", "a:8 0", "[::1]a", "[::1]:x", "a" * 300, "a/", "http://a"),
)
HEADERS = (
    *("A", ": b", "A\0: b", "A b: c", "A\1: b", "A(: b", "A\xff: b", "A: \1", "A: \x7f"),
    *("A: b\rc", "A: \xff", "A_b: c", "A:", "A:b", "A:\tb", "A: b\r", "Content-Length: -1"),
    *("Content-Length: +0", "Content-Length: 0x0", "Content-Length: ", "Content-Length: 0, 0"),
    *("Content-Length: 0,", "Content-Length: a", "Content-Length: 0 0", "Content-Length: 0_0"),
    *("Content-Length: 99999999999999999999999", "Transfer-Encoding: gzip"),
    *("Transfer-Encoding: identity", "Transfer-Encoding: xchunked", "Connection: a b"),
    *("Transfer-Encoding: chunked, gzip", "Range: bytes=0-1", "Range: x", 'If-Match: "x"'),
    *('If-Match: "x", "y"', "If-Match: *", "Accept: nothing/x", "Upgrade: websocket", "TE: x"),
    *("Content-Encoding: x", "Trailer: x", "Expect: 100-Continue", "Expect: ", "Max-Forwards: x"),
)
CHUNKS = (
    *("0\r\n\r\n", "x\r\n\r\n", "-1\r\n\r\n", "0;a=b\r\n\r\n", "0\n\n", "1\r\nab\r\n0\r\n\r\n"),
    *("FFFFFFFFFFFFFFFFF\r\n", " 0\r\n\r\n", "0 \r\n\r\n", "0x0\r\n\r\n", "1\r\na0\r\n\r\n"),
    *("\r\n0\r\n\r\n", "0\r\nA: b\r\n\r\n", "0\r\nA\r\n\r\n", "+0\r\n\r\n", "1_0\r\n\r\n"),
)
TRANSFER = b"Transfer-Encoding: chunked"
OTHERS = {
    "two codings": head(H, TRANSFER, TRANSFER) + LAST_CHUNK,
    "coded chunks": head(H, b"Transfer-Encoding: gzip, chunked") + LAST_CHUNK,
    "line ends of two kinds": b"GET /top250 HTTP/1.1\r\nHost: a\n\r\n",
    "carriage returns alone": b"GET /top250 HTTP/1.1\rHost: a\r\r",
    "a folded line at the beginning": b"GET /top250 HTTP/1.1\r\n A: b\r\nHost: a\r\n\r\n",
    "TLS": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\0" * 50 + b"\r\n\r\n",
    "2,000 headers": head(H, *(b"A%d: b" % number for number in range(2_000))),
    "Hosts in small and in capital letters": head(b"host: a", b"HOST: b"),
    "an absolute form and another Host": head(H, start=b"GET http://a/top250 HTTP/1.1\r\n"),
    "an absolute form and no Host": head(start=b"GET http://a/top250 HTTP/1.1\r\n"),
}


def listed(what, texts, make):
    """Return requests by name, from texts in which each character is a byte."""
    return {f"{what} {text!r}": make(text.encode("latin-1")) for text in texts}


REQUESTS = {
    **{name: data for name, (data, _) in CASES.items()},
    **listed("target", TARGETS, lambda it: head(H, start=b"GET " + it + b" HTTP/1.1\r\n")),
    **listed("line", LINES, lambda it: head(H, start=it + b"\r\n")),
    **listed("Host", HOSTS, lambda it: head(b"Host: " + it)),
    **listed("header", HEADERS, lambda it: head(H, it)),
    **listed("chunks", CHUNKS, lambda it: head(H, TRANSFER) + it),
    **OTHERS,
}
BY_THE_FILE = {"a date that no page has"}
"""What nginx refuses for the date of its file, which the mirror's pages do not have."""


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    """Serve a file by nginx, and return its port."""
    if NGINX is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "pages").mkdir()
    (folder / "pages" / "top250").write_text("a page\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(
        CONFIGURATION.format(folder=folder, port=port, user=getpass.getuser())
    )
    with subprocess.Popen(
        [NGINX, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")],
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while ask(port, head(H)) != 200:
                assert process.poll() is None, "nginx did not start"
                assert time.monotonic() < deadline, "nginx does not serve its file"
                time.sleep(0.01)
            yield port
        finally:
            process.terminate()


def ask(port, data, timeout_s=PATIENT_S):
    """Return the status of the first answer; 0 if there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as wire:
            wire.sendall(data)
            with wire.makefile("rb") as file:
                line = file.readline()
    except OSError:
        return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/") else 0


def test_nginx_refuses_nothing_that_the_mirror_answers(mirror, nginx):
    """Nobody finds out elsewhere that a client breaks a rule."""
    ours = {name: ask(mirror.port, data) for name, data in REQUESTS.items()}
    answered = [name for name, status in ours.items() if 200 <= status < 300]
    theirs = {name: ask(nginx, REQUESTS[name], PATIENCE_S) for name in answered}
    wrong = {name: status for name, status in theirs.items() if not 100 <= status < 400}
    assert wrong.keys() - BY_THE_FILE == set()
    assert len(answered) > 40
