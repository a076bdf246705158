"""A documentation site, copied by wget, is measured without a line of Python."""

import functools
import http.server
import json
import shutil
import subprocess
import threading

import pytest

from tests.archive.archives import SITE_FILE, documentation


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def copy(tmp_path):
    """Return the folder that wget makes of the site, and the site's origin."""
    root = tmp_path / "public"
    for name, body in documentation().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)
    handler = functools.partial(Quiet, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    origin = f"http://127.0.0.1:{server.server_port}"
    folder = tmp_path / "copy"
    if not shutil.which("wget"):  # then as wget would have made it
        server.server_close()
        shutil.copytree(root, folder / f"127.0.0.1:{server.server_port}")
        return folder, origin
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    call = ["wget", "--quiet", "--mirror", "--no-proxy", "-P", str(folder), f"{origin}/"]
    subprocess.run(call, check=False, timeout=60)  # 8: there is a link that leads nowhere
    server.shutdown()
    thread.join()
    server.server_close()
    return folder, origin


@pytest.mark.slow
@pytest.mark.long
def test_import_verify_and_run(copy, crawlbench, tmp_path):
    """A session whose cells all are right: the pages, their items and the requests."""
    folder, origin = copy
    outcome = crawlbench("mirror", "import", folder, "-o", "site")
    assert outcome.returncode == 0, outcome.stderr
    assert f"starting at {origin}/" in outcome.stdout
    (tmp_path / "docs.toml").write_text(SITE_FILE.format(start=f"{origin}/"), encoding="utf-8")
    outcome = crawlbench("run", "quick", "--site", "docs.toml", "-n", "loopback", "--rounds", "2")
    assert outcome.returncode == 2
    assert "is not verified, so its items are not known; run: crawlbench mirror verify" in (
        outcome.stderr
    )
    outcome = crawlbench("mirror", "verify", "docs.toml")
    assert outcome.returncode == 0, outcome.stderr
    assert "docs: 32 items on 4 pages" in outcome.stdout
    outcome = crawlbench(
        *("run", "quick", "--site", "docs.toml", "-n", "loopback", "--rounds", "2"),
        *("--laps", "2", "--min-time", "0.005", "-o", "session"),
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    session = json.loads((tmp_path / "session" / "session.json").read_text(encoding="utf-8"))
    assert not session.get("invalid")
    assert "docs.toml on loopback" in outcome.stdout
    assert "invalid" not in outcome.stdout.replace("invalid with", "")


@pytest.mark.slow
@pytest.mark.long
def test_a_wrong_crawl_of_an_own_site_is_told(copy, crawlbench, tmp_path):
    """The first difference is named, as for our own sites."""
    folder, origin = copy
    crawlbench("mirror", "import", folder, "-o", "site")
    (tmp_path / "docs.toml").write_text(SITE_FILE.format(start=f"{origin}/"), encoding="utf-8")
    crawlbench("mirror", "verify", "docs.toml")
    (tmp_path / "lossy.py").write_text(
        "from crawlbench.strategies.requests_serial import crawl as right\n"
        "def crawl(site, concurrency):\n"
        "    return right(site, concurrency)[1:]\n"
    )
    outcome = crawlbench(
        *("run", "quick", "--site", "docs.toml", "-n", "loopback", "--rounds", "1", "--laps", "1"),
        *("-s", "requests-serial", "-s", "./lossy.py", "--min-time", "0.005", "-o", "session"),
    )
    # Of the other edition, which a warmup's first crawl is served.
    assert "31 items instead of 32: rank 1 (nEtry home 0) is missing" in " ".join(
        outcome.stdout.split()
    )
