"""Doors of a mirror: whose request is whose, in processes of their own and over real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from contextlib import closing
from unittest.mock import Mock
from urllib.parse import urlsplit

import psutil
import pytest
from msgspec.structs import replace
from tests.mirror.wire import BODIES, GZIP, PATIENCE_S, Wire, make_responses, open_on, request

from crawlbench.base.errors import CellError, MirrorError
from crawlbench.mirror import door as door_module
from crawlbench.mirror import doors as doors_module
from crawlbench.mirror.door import Entrance
from crawlbench.mirror.doors import Doors
from crawlbench.mirror.networks import NETWORKS
from crawlbench.mirror.server import Mirror
from crawlbench.sites.hosts import HOSTS

pytestmark = pytest.mark.usefixtures("nothing_left")


def wire_to(address):
    return Wire(urlsplit(address).port)


def test_requests_count_for_the_door_by_which_they_came():
    """Whose turn it is has its own alone; the others' are strays, or came early."""

    async def session():
        async with open_on() as mirror:
            own, other = [await mirror.open_door(name) for name in ("own", "other")]
            assert len({own, other, mirror.address}) == 3
            assert await mirror.open_door("own") == own
            await mirror.begin("1", door="own")
            with wire_to(own) as mine, wire_to(other) as theirs, wire_to(mirror.address) as main:
                for address in BODIES:
                    mine.ask(address)
                theirs.ask()
                theirs.ask("/none")
                main.ask()
                first = await mirror.end()
                mine.ask()
                theirs.ask()
                await mirror.begin("2", door="own")
                second = await mirror.end()
                await mirror.begin("3", door="other")
                theirs.ask()
                return first, second, await mirror.end()

    first, second, third = asyncio.run(session())
    assert (first.requests, first.connections, first.used) == (10, 1, 1)
    assert first.pages == dict.fromkeys(BODIES, 1)
    assert (first.strays, first.early) == ({"other": 2, "": 1}, {})
    assert 0 < first.held_up_s < first.cpu_s
    # What comes between its turns by the door that is used next is a warmup for all we know.
    assert (second.requests, second.strays, second.early) == (0, {}, {"other": 1})
    assert second.held_up_s == 0
    assert (third.requests, third.kept, third.strays, third.early) == (1, 1, {}, {})


def test_answers_are_the_same_bytes_by_all_doors():
    """Heads included; what a request means is remembered by each door for itself."""

    async def session():
        answers = []
        async with open_on() as mirror:
            addresses = [mirror.address, await mirror.open_door("a"), await mirror.open_door("b")]
            for address in addresses:
                with wire_to(address) as wire:
                    host = urlsplit(address).netloc
                    for _ in range(2):
                        wire.send(request("/top250", GZIP).replace(b"127.0.0.1", host.encode()))
                        answer = wire.read()
                        answers.append((answer.status, tuple(answer.headers.items()), answer.body))
        return answers

    answers = asyncio.run(session())
    assert len(answers) == 6
    assert len(set(answers)) == 1


def test_shut_door_lets_nobody_in_and_nobody_stay():
    """The other doors are as they were; all but the main one can be shut at once."""

    async def session():
        async with open_on() as mirror:
            own, other = [await mirror.open_door(name) for name in ("own", "other")]
            with wire_to(own) as mine, wire_to(other) as theirs:
                mine.ask()
                await mirror.shut_doors(["own", "unheard of"])
                assert mine.is_closed()
                with pytest.raises(ConnectionRefusedError):
                    wire_to(own)
                assert theirs.ask().status == 200
                await mirror.shut_doors()
                assert theirs.is_closed()
            with wire_to(mirror.address) as main:
                await mirror.begin("1", door="own")  # which is the main one's then
                assert main.ask().status == 200
                assert (await mirror.end()).requests == 1
            assert await mirror.open_door("own") != own

    asyncio.run(session())


@pytest.mark.skipif(sys.platform != "linux", reason="one socket for many hosts is Linux's")
def test_two_hundred_doors_of_a_hundred_hosts_need_two_hundred_sockets():
    """They are given back; each lets a client in on every host."""

    async def session():
        async with open_on(site="many-hosts") as mirror:
            process = psutil.Process(mirror.pid)
            before = process.num_fds()
            names = [f"cell {number}" for number in range(200)]
            addresses = await asyncio.gather(*map(mirror.open_door, names))
            opened = process.num_fds() - before
            port = urlsplit(addresses[-1]).port
            await mirror.begin("1", door=names[-1])
            for host in ("127.0.0.1", "127.0.1.1", f"127.0.1.{HOSTS}"):
                with socket.create_connection((host, port), timeout=PATIENCE_S) as client:
                    client.sendall(request("/hosts"))
                    assert client.recv(12) == b"HTTP/1.1 200"
            counters = await mirror.end()
            await mirror.shut_doors()
            return opened, counters, process.num_fds() - before

    opened, counters, left = asyncio.run(session())
    assert opened == 200
    assert (counters.requests, counters.strays) == (3, {})
    assert left <= 0


def test_doors_speak_tls_with_one_certificate():
    """Who trusts the mirror trusts each of its doors, and speaks HTTP/2 there if it is offered."""
    network = NETWORKS["loopback-tls"]

    async def session():
        async with open_on(network=network) as mirror:
            address = await mirror.open_door("own")
            context = ssl.create_default_context(cafile=mirror.ca_file)
            context.set_alpn_protocols(["h2", "http/1.1"])
            await mirror.begin("1", door="own")
            raw = socket.create_connection(("127.0.0.1", urlsplit(address).port))
            with context.wrap_socket(raw, server_hostname="127.0.0.1") as client:
                spoken = client.selected_alpn_protocol()
            raw = socket.create_connection(("127.0.0.1", urlsplit(mirror.address).port))
            context.set_alpn_protocols(["http/1.1"])
            with context.wrap_socket(raw, server_hostname="127.0.0.1") as client:
                client.sendall(request())
                assert client.recv(12) == b"HTTP/1.1 200"
            return address, spoken, await mirror.end()

    address, spoken, counters = asyncio.run(session())
    assert address.startswith("https://")
    assert spoken == ("h2" if network.http2 else "http/1.1")
    assert (counters.requests, counters.tls_connections) == (0, 1)
    assert counters.strays == {"": 1}


def test_doors_share_the_connections_that_a_network_has():
    """A door that is shut gives back what it had."""
    network = replace(NETWORKS["loopback"], most_connections=1)

    async def session():
        async with open_on(network=network) as mirror:
            own, other = [await mirror.open_door(name) for name in ("own", "other")]
            with wire_to(own) as mine, wire_to(other) as theirs:
                mine.ask()
                theirs.socket.settimeout(0.05)
                theirs.send(request())
                with pytest.raises(TimeoutError):
                    theirs.socket.recv(1, socket.MSG_PEEK)
                await mirror.shut_doors(["own"])
                theirs.socket.settimeout(PATIENCE_S)
                assert theirs.socket.recv(12) == b"HTTP/1.1 200"

    asyncio.run(session())


def test_door_that_cannot_be_opened_costs_its_cell_alone():
    """The mirror says why, and goes on."""

    async def session():
        async with open_on() as mirror:
            resource = pytest.importorskip("resource")
            most = psutil.Process(mirror.pid).num_fds()
            resource.prlimit(mirror.pid, resource.RLIMIT_NOFILE, (most, most))
            with pytest.raises(CellError, match=r"could not open a door for it: .* `ulimit -n`"):
                await mirror.open_door("own")
            await mirror.begin("1", door="own")
            assert (await mirror.end()).requests == 0

    if sys.platform != "linux":
        pytest.skip("only Linux changes another process's limits")
    asyncio.run(session())


def test_many_doors_remember_less_each(monkeypatch):
    """What is remembered of requests is bounded over all of them."""
    monkeypatch.setattr(doors_module, "ALL_KNOWN_REQUESTS", 12)
    doors = Doors()
    own = doors.add("own")
    known = type(
        "Known", (), {"page": "/", "closes": False, "expects": False, "is_allowed": True, "body": 1}
    )
    for number in range(20):
        own.remember(b"%d" % number, known)
        assert len(own.known) <= 6


def test_gone_mirror_opens_no_door():
    """That is the mirror's fault, and no cell's."""

    async def session():
        async with open_on() as mirror:
            psutil.Process(mirror.pid).kill()
            with pytest.raises(MirrorError, match="died"):
                await mirror.open_door("own")

    asyncio.run(session())


@pytest.mark.skipif(sys.platform != "linux", reason="loopback has one address elsewhere")
@pytest.mark.parametrize("is_wide", [True, False])
def test_site_of_many_hosts_gets_a_door_where_one_socket_cannot_stand_for_all(
    monkeypatch, tmp_path, is_wide
):
    """Then each host has one, on the same port."""
    if not is_wide:
        monkeypatch.setattr(door_module, "bind_all_of_loopback", Mock(side_effect=OSError))

    async def session():
        mirror = Mirror(make_responses(), NETWORKS["loopback"], 1)
        hosts = ("127.0.1.1", "127.0.1.2")
        with closing(mirror):
            origin = await Entrance(mirror, tmp_path / "ca.pem", others=hosts).open("own")
            for host in ("127.0.0.1", *hosts):
                socket.create_connection((host, urlsplit(origin).port)).close()
            return len(mirror.doors.find("own").listeners)

    assert asyncio.run(session()) == (1 if is_wide else 3)
