"""A mirror over TLS: whom its clients trust, and what becomes of those who do not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from tests.mirror.wire import BODIES, PATIENCE_S, open_on, read_answer, request, running_mirror

from crawlbench.base.errors import MirrorError
from crawlbench.mirror.limits import MAX_TLS_BYTES
from crawlbench.mirror.networks import NETWORKS, Network
from crawlbench.mirror.tls import make_server_context

COUNT = 40
"""Connections of which nobody reads."""


def ask(address, context, name="127.0.0.1"):
    """Return the answer to one request over TLS."""
    port = urlsplit(address).port
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as raw,
        context.wrap_socket(raw, server_hostname=name) as secured,
        secured.makefile("rb") as file,
    ):
        secured.sendall(request())
        return read_answer(file)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_process_tells_whom_to_trust(name, nothing_left):
    """By its address and by its name; the file is gone when the mirror is."""

    async def session():
        async with open_on(NETWORKS["loopback-tls"]) as mirror:
            await mirror.begin("lap")
            context = ssl.create_default_context(cafile=mirror.ca_file)
            answer = await asyncio.to_thread(ask, mirror.address, context, name)
            return mirror, answer, await mirror.end()

    mirror, answer, counters = asyncio.run(session())
    assert mirror.address.startswith("https://127.0.0.1:")
    assert answer.page == BODIES["/top250"]
    assert (counters.connections, counters.tls_connections, counters.http2_requests) == (1, 1, 0)
    assert not Path(mirror.ca_file).exists()


def test_plain_mirror_has_no_authority():
    """Its clients need none."""

    async def session():
        async with open_on() as mirror:
            return mirror.ca_file

    assert asyncio.run(session()) is None


def test_nobody_else_is_trusted_and_nobody_else_trusts(loop_factory, tmp_path):
    """The system's own authorities do not know it; a client that gives up disturbs nobody."""
    ca_file = tmp_path / "ca.pem"
    with running_mirror(loop_factory, NETWORKS["loopback-tls"], ca_file=ca_file) as running:
        address = f"https://127.0.0.1:{running.port}"
        with pytest.raises(ssl.SSLCertVerificationError):
            ask(address, ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            ask(address, ssl.create_default_context(cafile=ca_file), "example.org")
        with running.open() as plain:  # no TLS at all
            plain.send(request())
            assert plain.is_closed()
        assert ask(address, ssl.create_default_context(cafile=ca_file)).status == 200
        assert running.end().connections == 1


def test_most_connections_hold_over_tls_too(loop_factory, tmp_path):
    """Those whose handshake failed make room again."""
    network = Network(most_connections=1, tls=True)
    ca_file = tmp_path / "ca.pem"
    with running_mirror(loop_factory, network, ca_file=ca_file) as running:
        context = ssl.create_default_context(cafile=ca_file)
        for _ in range(3):
            with running.open() as plain:
                plain.send(b"no TLS")
                assert plain.is_closed()
            assert ask(f"https://127.0.0.1:{running.port}", context).status == 200


def test_each_mirror_has_an_authority_of_its_own(tmp_path):
    """So a key that is lost opens nothing else."""
    paths = [tmp_path / "one.pem", tmp_path / "two.pem"]
    for path in paths:
        make_server_context(path, http2=True)
    assert paths[0].read_bytes() != paths[1].read_bytes()
    assert b"PRIVATE" not in paths[0].read_bytes()


def test_certificate_that_cannot_be_written_is_a_sentence(tmp_path):
    """It names the file."""
    path = tmp_path / "none" / "ca.pem"
    with pytest.raises(MirrorError, match=r"cannot be written to .*ca\.pem': No such file"):
        make_server_context(path, http2=False)


def test_clients_that_never_read_take_no_more_memory_than_they_may():
    """Each asks for megabytes; the mirror stops asking the system for more, and serves others."""

    async def session():
        async with open_on(NETWORKS["loopback-tls"]) as mirror:
            await mirror.begin("lap")
            return await asyncio.to_thread(grow, mirror, COUNT)

    assert asyncio.run(session()) < COUNT * MAX_TLS_BYTES


def grow(mirror, count):
    """Return by how much a mirror grows with so many connections of which nobody reads."""
    context = ssl.create_default_context(cafile=mirror.ca_file)
    process = psutil.Process(mirror.pid)
    assert ask(mirror.address, context).page == BODIES["/top250"]
    before = process.memory_info().rss
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            raw = socket.create_connection(("127.0.0.1", urlsplit(mirror.address).port))
            secured = stack.enter_context(context.wrap_socket(raw, server_hostname="127.0.0.1"))
            secured.settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                secured.sendall(request() * 200)
        assert ask(mirror.address, context).page == BODIES["/top250"]
        return process.memory_info().rss - before
