"""Sessions on real schedulers and workers: what is measured, lost, repeated, refused."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pyperf
import pytest

from crawlbench.cluster.store import load_cluster
from crawlbench.measure.store import load_session
from tests.cluster.clusters import (
    CRAWLS,
    OPERATION,
    are_there,
    begin,
    open_cluster,
    suite_file,
    wait_for,
    words_of,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix"),
]


@contextmanager
def namespaces(*addresses):
    """Make a network namespace for each address, with a wire to this one; skip without rights.

    Yields the commands that run something in each.
    """
    names = []

    def ip(*words):
        done = subprocess.run(["ip", *words], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"no rights for network namespaces: {done.stderr.decode().strip()}")

    if not shutil.which("ip"):
        pytest.skip("no program `ip`")
    try:
        for number, (ours, theirs) in enumerate(addresses):
            name = f"cb{os.getpid()}-{number}"
            ip("netns", "add", name)
            names.append(name)
            wire = f"v{os.getpid() % 100000}-{number}"
            ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("addr", "add", f"{ours}/30", "dev", wire)
            ip("link", "set", wire, "up")
            ip("-n", name, "addr", "add", f"{theirs}/30", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield [["ip", "netns", "exec", name] for name in names]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)


@pytest.mark.long
def test_whole_rounds_on_machines_with_networks_of_their_own(tmp_path, crawlbench):
    """Each in a namespace, with mirror and control; a worker without the resource is not used.

    The folder of each is a session that pyperf and our own report read.
    """
    wires = [("10.213.7.1", "10.213.7.2"), ("10.213.7.5", "10.213.7.6")]
    with namespaces(*wires) as prefixes, open_cluster(tmp_path / "dask") as cluster:
        port = cluster.address.rpartition(":")[2]
        for name, (ours, _), prefix in zip(("north", "south"), wires, prefixes, strict=True):
            cluster.add_worker(name, prefix=prefix, address=f"tcp://{ours}:{port}")
        cluster.add_worker("plain", resource=0)
        are_there(cluster, "north", "south", "plain")
        suite = suite_file(tmp_path, CRAWLS)
        done = crawlbench("run", suite, "--cluster", f"tcp://127.0.0.1:{port}", "-o", "out")
    assert done.returncode == 0, done.stderr
    session = load_cluster(tmp_path / "out")
    assert (session.ending, session.blocks) == ("whole", 2)
    assert {machine.name for machine in session.machines} == {"north", "south"}
    assert len(session.comparisons) == 1
    assert "run on one host" in " ".join(session.notes)
    seeds = set()
    for name in ("north", "south"):
        folder = tmp_path / "out" / "machines" / name
        own = load_session(folder)
        assert len(own.rounds) == 2
        assert not own.failures
        assert own.ceilings
        assert any(cell.control for cell in own.plan.cells)
        seeds.add(own.plan.seed)
        assert len(pyperf.BenchmarkSuite.load(str(folder / "suite.json"))) == 3
    assert len(seeds) == 2
    assert crawlbench("report", "out").stdout == done.stdout


@pytest.mark.long
def test_block_of_a_killed_worker_is_repeated_elsewhere(tmp_path):
    """SIGKILL in a round: the other machine measures it anew, once; what it left behind ends."""
    suite = suite_file(tmp_path, OPERATION)
    with open_cluster(tmp_path / "dask", "one", "two") as cluster:
        are_there(cluster, "one", "two")
        call = [suite, "--cluster", cluster.address, "--machines", 1, "-o", "out"]
        manager = begin(tmp_path, *call)
        file = wait_for(lambda: next(iter(cluster.session_files()), None), manager)
        wait_for((file.parent / "rounds.jsonl").exists, manager)
        killed = "one" if "begins on one" in words_of(tmp_path) else "two"
        orphans = psutil.Process(cluster.workers[killed].pid).children(recursive=True)
        assert orphans
        cluster.workers[killed].send_signal(signal.SIGKILL)
        assert manager.wait(60) == 0, words_of(tmp_path)
        assert not psutil.wait_procs(orphans, timeout=30)[1]
    other = {"one": "two", "two": "one"}[killed]
    session = load_cluster(tmp_path / "out")
    assert (session.ending, session.blocks, session.lost) == ("whole", 1, ())
    assert [path.name for path in (tmp_path / "out" / "machines").iterdir()] == [other]
    assert f"sheet 1 failed on {killed}" in words_of(tmp_path)
    own = load_session(tmp_path / "out" / "machines" / other)
    assert [record.number for record in own.rounds] == [1, 2, 3]
    assert all(one.machines <= 1 for one in session.comparisons)


@pytest.mark.long
def test_block_ends_when_nobody_waits_for_it(tmp_path):
    """However the manager ends: its machine is free for the next session, which uses it."""
    suite = suite_file(tmp_path, OPERATION)
    with open_cluster(tmp_path / "dask", "one") as cluster:
        are_there(cluster, "one")
        worker = psutil.Process(cluster.workers["one"].pid)
        call = [suite, "--cluster", cluster.address, "--rounds", 99, "-o"]
        for number, code in ((signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)):
            manager = begin(tmp_path, *call, number.name)
            wait_for(cluster.session_files, manager)
            manager.send_signal(number)
            assert manager.wait(30) == code
            wait_for(lambda: not worker.children(recursive=True))
            assert worker.is_running()
    for name, ending in (("SIGTERM", "interrupted"), ("SIGKILL", "")):
        session = load_cluster(tmp_path / name)
        assert (session.blocks, session.ending) == (0, ending)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_signal_before_anything_is_measured_says_nothing(tmp_path, number):
    """At a scheduler that never answers: exit code 130, no traceback, no warnings of Dask."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        suite = suite_file(tmp_path, OPERATION)
        address = f"tcp://127.0.0.1:{deaf.getsockname()[1]}"
        manager = begin(tmp_path, suite, "--cluster", address, "-o", "out")
        connection, _ = deaf.accept()
        with connection:
            manager.send_signal(number)
            assert manager.wait(30) == 130
    assert words_of(tmp_path) == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_machines_that_differ_are_refused_with_the_list(tmp_path, crawlbench):
    """A package's version, named with who has which; nothing is measured or written."""
    fake = tmp_path / "fake" / "aiohttp-0.0.1.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: aiohttp\nVersion: 0.0.1\n")
    suite = suite_file(tmp_path, CRAWLS)
    with open_cluster(tmp_path / "dask", "new") as cluster:
        cluster.add_worker("old", PYTHONPATH=str(fake.parent))
        are_there(cluster, "new", "old")
        done = crawlbench("run", suite, "--cluster", cluster.address, "-o", "out")
    assert done.returncode == 2
    assert "these machines differ" in done.stderr
    assert "aiohttp: " in done.stderr
    assert "0.0.1 on old" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.timeout(200)
@pytest.mark.long
def test_environments_are_built_where_cells_are_measured(tmp_path):
    """Each machine has its own; two versions of a package meet in its laps."""
    suite = suite_file(tmp_path, OPERATION)
    cache = {"CRAWLBENCH_CACHE": str(tmp_path / "cache")}
    with open_cluster(tmp_path / "dask", "one", **cache) as cluster:
        call = [suite, "--cluster", cluster.address, "--rounds", 2, "-o", "out"]
        call += ["--env", "old=uvloop==0.21.0", "--env", "new=uvloop==0.23.0"]
        are_there(cluster, "one")
        manager = begin(tmp_path, *call, variables=cache)
        assert manager.wait(180) == 0, words_of(tmp_path)
    session = load_session(tmp_path / "out" / "machines" / "one")
    assert {e.name: e.versions["uvloop"] for e in session.environments} == {
        "old": "0.21.0",
        "new": "0.23.0",
    }
    cells = {(cell.event_loop, cell.environment) for cell in session.plan.cells}
    assert cells >= {("uvloop", "old"), ("uvloop", "new")}
    assert {s.cell for s in session.summaries} == {cell.name for cell in session.plan.cells}
    assert len(load_cluster(tmp_path / "out").comparisons) == 3


@pytest.mark.long
def test_tls_between_the_machines(tmp_path):
    """Dask's own settings: scheduler, worker and manager show certificates of one authority."""
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "cert", "key")}
    authority.cert_pem.write_to_path(files["ca"])
    certificate.cert_chain_pems[0].write_to_path(files["cert"])
    certificate.private_key_pem.write_to_path(files["key"])
    options = ["--tls-ca-file", files["ca"], "--tls-cert", files["cert"], "--tls-key", files["key"]]
    options += ["--protocol", "tls"]
    prefix = "DASK_DISTRIBUTED__COMM__"
    variables = {
        f"{prefix}REQUIRE_ENCRYPTION": "True",
        f"{prefix}TLS__CA_FILE": str(files["ca"]),
        f"{prefix}TLS__CLIENT__CERT": str(files["cert"]),
        f"{prefix}TLS__CLIENT__KEY": str(files["key"]),
    }
    suite = suite_file(tmp_path, OPERATION)
    with open_cluster(tmp_path / "dask", "one", options=options) as cluster:
        assert cluster.address.startswith("tls://")
        call = [suite, "--cluster", cluster.address, "--rounds", 2, "-o"]
        wait_for(lambda: "Registered to" in (tmp_path / "dask" / "dask.log").read_text())
        without = tmp_path / "without"
        without.mkdir()
        bare = begin(without, *call, "out")
        manager = begin(tmp_path, *call, "out", variables=variables)
        assert bare.wait(60) == 2
        assert "no Dask scheduler at 'tls://" in words_of(without)
        assert manager.wait(90) == 0, words_of(tmp_path)
    assert load_cluster(tmp_path / "out").ending == "whole"


def test_missing_extra_says_how_to_install_it(tmp_path):
    """One sentence with the command, exit code 2."""
    program = (
        "import sys; sys.modules['distributed'] = None; from crawlbench.cli import main; main()"
    )
    call = [sys.executable, "-c", program, "run", "quick", "--cluster", "local:2"]
    done = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "crawlbench's extra 'cluster'" in done.stderr
