"""What commands of the documents need to be there: sessions, checkouts, sites, servers, clusters.

Each is a context on the folder in which the command is run. It yields the words that stand in for
those of the document, and the variables of the call.
"""

from __future__ import annotations

import shutil
import sys
import threading
from contextlib import contextmanager

import msgspec
import pyperf

from crawlbench.environments.cache import READY_FILE, USERS, Kept
from crawlbench.measure.store import append_round, close_session, create_folder
from tests.archive.archives import response, warc_bytes
from tests.archive.recorded import Server
from tests.archive.test_walkthrough import example, walk
from tests.child import succeed
from tests.cluster.clusters import are_there, open_cluster
from tests.conftest import command_line
from tests.documents import ROOT, blocks
from tests.environments.planting import QUICK, plant
from tests.load import servers
from tests.reference.builders import measured

LIBRARY = ROOT / "docs" / "examples" / "library"
MINE = ".".join(map(str, sys.version_info[:2]))


def call(folder, *words):
    """Run a command in a folder; it must succeed."""
    asked = command_line(*words, cwd=folder)
    return succeed(asked["args"], cwd=folder, env=asked["env"])


@contextmanager
def nothing(folder):
    """Need no more than the folder."""
    yield {}, {}


@contextmanager
def begun(folder):
    """Have a session of one round that can be continued."""
    target = folder / "results" / "MY-SESSION"
    shutil.rmtree(target)
    words = ("-n", "loopback", "-s", "requests-threads", "--rounds", "1", "--laps", "1")
    call(folder, "run", "quick", *words, "-o", target)
    yield {}, {}


@contextmanager
def finished(folder):
    """Have a finished session under the document's name, as a whole measurement leaves it."""
    target, session = folder / "results" / "mine", measured(laps=1)
    shutil.rmtree(target, ignore_errors=True)
    create_folder(target, session)
    runs = {}
    for one in session.rounds:
        append_round(target, one, {})
        values = {}
        for sample in one.samples:
            if not sample.warmup:
                values.setdefault(sample.cell, []).append(sample.seconds)
        for cell, taken in values.items():
            run = pyperf.Run(taken, metadata={"name": cell}, collect_metadata=False)
            runs.setdefault(cell, []).append(run)
    close_session(target, session, runs)
    yield {}, {}


@contextmanager
def matrix(folder):
    """Have a finished session, and the folder to submit it to."""
    (folder / "results" / "matrix" / "theirs").mkdir(parents=True, exist_ok=True)
    with finished(folder) as ground:
        yield ground


@contextmanager
def bundle(folder):
    """Have the bundle that the command before makes."""
    with finished(folder):
        call(folder, "submit", "results/mine", "-o", "mine.bundle.gz", "--force")
        yield {}, {}


@contextmanager
def kept(folder):
    """Have an environment in the cache."""
    place = folder / "cache" / "environments" / "abc"
    (place / USERS).mkdir(parents=True, exist_ok=True)
    environment = Kept("abc", "uvloop==0.21.0", "CPython 3.11.7")
    (place / READY_FILE).write_bytes(msgspec.json.encode(environment))
    yield {}, {}


@contextmanager
def planted(folder):
    """Have two checkouts of a library with an event loop."""
    plant(folder, base=QUICK, head=QUICK)
    yield {}, {}


@contextmanager
def two_pythons(folder):
    """Have two versions of Python that are here in place of the document's."""
    from tests.test_session_environments import other_python

    other = other_python()
    yield {"3.11": MINE, "3.13": other, "py313=python=3.13": f"py313=python={other}"}, {}


@contextmanager
def environments(folder):
    """Have the file that the document shows, for this Python."""
    text = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    (shown,) = (body for language, body in blocks(text) if language == "toml")
    (folder / "environments.toml").write_text(shown.replace('"3.11"', f'"{MINE}"'))
    with planted(folder) as ground:
        yield ground


@contextmanager
def pipeline(folder):
    """Have a pipeline's variables; this Python's crawlbench measures one operation."""
    inputs = {"OPERATIONS": "call-soon", "LOOPS": "planted:Loop", "MARGIN": "50"}
    inputs["ARGS"] = "--rounds\n1\n--laps\n1"
    variables = {f"INPUT_{name}": value for name, value in inputs.items()}
    with planted(folder):
        place = {"ci/compare": str(ROOT / "ci" / "compare")}
        yield place, {**variables, "CRAWLBENCH_PYTHON": sys.executable}


@contextmanager
def crawlers(folder):
    """Have the tests that the document shows."""
    for name in ("test_crawler.py", "test_pull_request.py"):
        shutil.copy(LIBRARY / name, folder)
    plugin = {"PYTEST_ADDOPTS": "-p crawlbench.library.plugin"}
    yield {}, {**plugin, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


@contextmanager
def site(folder):
    """Have the site of the document's complete example, verified, under another name."""
    room = folder / "site"
    if not room.exists():
        room.mkdir()
        walk(room, [block for block in example()[:4] if block[0] != "text"])
        call(room, "mirror", "verify", "docs.toml")
    yield {"./site.toml": "./site/docs.toml"}, {}


@contextmanager
def archive(folder):
    """Have an archive of a page."""
    page = response("http://shop.example/", b"<title>Shop</title><p>Books")
    (folder / "shop.warc.gz").write_bytes(warc_bytes(page))
    yield {}, {}


@contextmanager
def owned_site(folder):
    """Have a server on loopback with more pages than are asked for."""
    server = Server()
    for number in range(4):
        server.page(f"/{number or ''}", f"/{number + 1}")
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        address = f"{server.origin}/"
        yield {"https://docs.example.org/": address, "URL": address, "50": "2"}, {}
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()


@contextmanager
def scheduler(folder):
    """Have a scheduler without workers."""
    with open_cluster(folder / "dask") as started:
        address = started.address
        yield {"tcp://HOST:8786": address, "tcp://127.0.0.1:8786": address}, {}


@contextmanager
def cluster(folder):
    """Have a scheduler with a worker."""
    with open_cluster(folder / "dask", "one") as started:
        are_there(started, "one")
        yield {"tcp://HOST:8786": started.address}, {}


@contextmanager
def cluster_and_server(folder):
    """Have a scheduler with a worker, and a server of one's own."""
    with open_cluster(folder / "dask", "one") as started, servers.Server() as server:
        are_there(started, "one")
        places = {"tcp://10.0.0.1:8786": started.address, "http://10.0.0.2:8000/": server.url()}
        yield {**places, "10.0.0.2": "127.0.0.1"}, {}
