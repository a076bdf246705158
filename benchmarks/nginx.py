"""Runs nginx with the fixture pages, and wrk against it or any other server, for `mirror.py`.

nginx is set up as its documentation advises for static files: sendfile, tcp_nopush,
open_file_cache, files gzipped beforehand, no log, and one worker. It also runs without tcp_nopush,
which delays some answers on loopback.
"""

from __future__ import annotations

import gzip
import json
import math
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import trustme

from crawlbench.sites.manifest import load_manifest, read_body
from crawlbench.sites.movies import fixture_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIALS = 3  # for machines that are so busy that nothing arrives within seconds

CONFIGURATION = """
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log crit;
daemon off;
events {{ worker_connections {files}; multi_accept on; }}
http {{
  types {{ text/html html; }}
  charset utf-8;
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 3600;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=3600s;
  open_file_cache_valid 3600s;
  gzip_static on;
  gzip_vary on;
  root {folder}/pages;
  {headers}
  ssl_certificate {folder}/chain.pem;
  ssl_certificate_key {folder}/key.pem;
  server {{
    listen 127.0.0.1:{ports[0]} backlog=4096;
    listen 127.0.0.1:{ports[1]} ssl backlog=4096;
  }}
  server {{
    listen 127.0.0.1:{ports[2]} backlog=4096;
    listen 127.0.0.1:{ports[3]} ssl backlog=4096;
    tcp_nopush off;
  }}
}}
"""

SCRIPT = """
local paths, requests, at = {paths}, {{}}, 0
function init()
  wrk.headers["Host"] = "127.0.0.1"
  {coding}
  for i, path in ipairs(paths) do requests[i] = wrk.format("GET", path) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{{"pages": %d, "us": %d, "p99_us": %d, "errors": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class Server:
    """A running server, with an address for each mode."""

    origins: dict[str, str]
    paths: list[str]
    pids: dict[str, int]
    """The process that answers, by mode."""

    def cpu_s(self, mode: str) -> float:
        """Return the CPU seconds that the server has used."""
        times = psutil.Process(self.pids[mode]).cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True)
class Rate:
    """What wrk measured."""

    pages_per_s: float
    p99_ms: float
    cpu_us: float
    """The server's CPU time for one page, which depends less on other load on the machine."""


def ask(server: Server, mode: str, connections: int, seconds: float, cpus: tuple[int, ...]) -> Rate:
    """Let wrk load a server, and return the rate; exit if there were errors or no answers."""
    coding = 'wrk.headers["Accept-Encoding"] = "gzip"' if "gzip" in mode else ""
    paths = "{" + ", ".join(f'"{path}"' for path in server.paths) + "}"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT.format(paths=paths, coding=coding))
        script.flush()
        call = ["taskset", "-c", ",".join(map(str, cpus)), "wrk", "-t1", f"-c{connections}"]
        call += [f"-d{math.ceil(seconds)}s", "--timeout", "10s", "-s", script.name]
        for _ in range(TRIALS):
            cpu_s = server.cpu_s(mode)
            done = subprocess.run([*call, server.origins[mode]], check=True, stdout=subprocess.PIPE)
            seen = json.loads(done.stdout.splitlines()[-1])
            cpu_s = server.cpu_s(mode) - cpu_s
            if seen["pages"] and not seen["errors"]:
                rate = seen["pages"] / seen["us"] * 1e6
                return Rate(rate, seen["p99_us"] / 1e3, cpu_s / seen["pages"] * 1e6)
    sys.exit(
        f"{server.origins[mode]} gave {seen['pages']} pages and {seen['errors']} errors in "
        f"{seconds:g} s on {connections} connections; is the machine busy?"
    )


@contextmanager
def running_nginx(cpus: tuple[int, ...], files: int) -> Iterator[dict[str, Server]]:
    """Serve the pages by nginx, as its documentation advises, and also without tcp_nopush.

    Args:
        cpus: the CPUs to run on.
        files: the most connections and files that may be open.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, ports = Path(name), free_ports(4)
        headers = write_pages(folder)
        write_certificate(folder)
        text = CONFIGURATION.format(folder=folder, ports=ports, headers=headers, files=files)
        configuration = folder / "nginx.conf"
        configuration.write_text(text)
        call = ["taskset", "-c", ",".join(map(str, cpus)), "nginx", "-c", str(configuration)]
        process = subprocess.Popen(call, stderr=subprocess.DEVNULL)
        try:
            for port in ports:
                wait_for(port)
            (worker,) = psutil.Process(process.pid).children()
            paths = [page.name for page in sorted((folder / "pages").glob("*.html"))]
            yield {
                title: Server(
                    origins, [f"/{path}" for path in paths], dict.fromkeys(origins, worker.pid)
                )
                for title, origins in (
                    ("nginx", make_origins(*ports[:2])),
                    ("nginx, no nopush", make_origins(*ports[2:])),
                )
            }
        finally:
            process.terminate()
            process.wait()


def make_origins(port: int, tls_port: int) -> dict[str, str]:
    """Return the address for each mode."""
    plain = f"http://127.0.0.1:{port}"
    return {"plain": plain, "gzip": plain, "TLS gzip": f"https://127.0.0.1:{tls_port}"}


def write_pages(folder: Path) -> str:
    """Write the fixtures, plain and gzipped, and return nginx's lines for their headers."""
    folder.chmod(0o755)  # nginx's worker is another user
    (folder / "pages").mkdir()
    source = fixture_folder()
    pages = load_manifest(source).pages
    for number, page in enumerate(pages):
        body = read_body(source, page)
        (folder / "pages" / f"{number}.html").write_bytes(body)
        (folder / "pages" / f"{number}.html.gz").write_bytes(gzip.compress(body, 6, mtime=0))
    kept = {k: v for k, v in pages[0].headers.items() if k in {"Cache-Control", "Pragma"}}
    return "\n  ".join(f'add_header {name} "{value}";' for name, value in kept.items())


def write_certificate(folder: Path) -> None:
    """Write a key and a certificate of the kind that the mirror uses."""
    certificate = trustme.CA().issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for part in certificate.cert_chain_pems:
        part.write_to_path(str(folder / "chain.pem"), append=True)


def free_ports(count: int) -> list[int]:
    """Return ports on which no server listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(port: int) -> None:
    """Wait until a server listens on a port."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    sys.exit(f"nginx does not listen on port {port}")
