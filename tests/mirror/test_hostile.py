"""A corpus of hostile clients, whole, split and slow; and a machine that mixes them with a crawl.

CI sends five hundred inputs; `CRAWLBENCH_FUZZ=200000` runs as many inputs as it says.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from tests.mirror.test_server_fuzz import cut, inputs
from tests.mirror.wire import BODIES, GZIP, request

INPUTS = int(os.environ.get("CRAWLBENCH_FUZZ", "500"))
STEPS = 20  # of one run of the machine
INPUTS_PER_RUN = 4  # about, the other steps being crawls and farewells
LOOPS = 2
PAGE_2 = "/top250?start=25&filter="
SMUGGLED = request("/smuggled")


def chunked(body):
    """Return a body in one chunk."""
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


CORPUS = {
    "CL.TE": request(
        "/top250",
        f"Content-Length: {5 + len(SMUGGLED)}",
        "Transfer-Encoding: chunked",
        method="POST",
        body=b"0\r\n\r\n" + SMUGGLED,
    ),
    "TE.CL": request(
        "/top250",
        "Transfer-Encoding: chunked",
        "Content-Length: 4",
        method="POST",
        body=chunked(SMUGGLED),
    ),
    "TE.TE": request(
        "/top250",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: cow",
        method="POST",
        body=chunked(SMUGGLED),
    ),
    "CL.CL": request(
        "/top250", "Content-Length: 0", f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED
    ),
    "TE with a tab": request("/top250", "Transfer-Encoding:\tchunked\x0b", body=chunked(SMUGGLED)),
    "TE with a line feed": request(
        "/top250", "X: y\nTransfer-Encoding: chunked", body=chunked(SMUGGLED)
    ),
    "CL with a plus": request("/top250", f"Content-Length: +{len(SMUGGLED)}", body=SMUGGLED),
    "chunk with a sign": request(
        "/top250", "Transfer-Encoding: chunked", body=b"-1\r\n" + SMUGGLED
    ),
    "chunk that overflows": request(
        "/top250", "Transfer-Encoding: chunked", body=b"ffffffffffffffff1\r\n" + SMUGGLED
    ),
    "folded CL": request("/top250", f"Content-Length:\r\n {len(SMUGGLED)}", body=SMUGGLED),
    "HTTP/0.9": b"GET /top250\r\n" + SMUGGLED,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "SOCKS": b"\5\1\0",
    "long target": request("/" + "x" * 20_000),
    "long header": request("/top250", "X: " + "x" * 200_000),
    "many headers": request("/top250", *["X: y"] * 30_000),
    "endless head": b"GET /top250 HTTP/1.1\r\nX: " + b"x" * 300_000,
    "large body": request("/top250", "Content-Length: 3000000", body=b"x" * 1_500_000),
    "many chunks": request("/top250", "Transfer-Encoding: chunked", body=b"1\r\nx\r\n" * 300_000),
    "path of dots": request("/../../../../etc/passwd"),
    "coded dots": request("/%2e%2e/%2e%2e/etc/passwd"),
    "file": request("file:///etc/passwd"),
    "backslashes": request("\\..\\..\\windows\\win.ini"),
    "zero byte": b"GET /top250\0.html HTTP/1.1\r\n\r\n",
    "no host": b"GET /top250 HTTP/1.1\r\n\r\n",
    "pipelined": request() * 300,
    "pipelined, then garbage": request() * 70 + b"\0" * 100,
    "pipelined, then closed": request("/top250", "Connection: close") + request() * 100,
    "half a head": b"GET /top250 HTTP/1.1\r\nHost",
    "half a body": request("/top250", "Content-Length: 100", body=b"x" * 10),
    "nothing": b"",
}
SMALL = {name: data for name, data in CORPUS.items() if len(data) < 4_000}


def send_all(wire, pieces):
    """Send pieces and return all that comes back, however the connection ends."""
    back = bytearray()

    def read():
        with contextlib.suppress(OSError):
            while piece := wire.socket.recv(262_144):
                back.extend(piece)

    reading = threading.Thread(target=read)
    reading.start()
    wire.send(*pieces)
    with contextlib.suppress(OSError):
        wire.socket.shutdown(socket.SHUT_WR)
    reading.join()
    return bytes(back)


def assert_right_crawl(mirror):
    """Fetch the whole site on a connection of its own."""
    with mirror.open() as wire:
        assert {address: wire.ask(address, GZIP).page for address in BODIES} == BODIES


@pytest.mark.parametrize("name", CORPUS)
def test_corpus_gets_pages_and_refusals_and_nothing_that_was_smuggled(either_mirror, name):
    """No file of the system, no second meaning; a crawl afterwards is right."""
    either_mirror.begin()
    with either_mirror.open() as wire:
        back = send_all(wire, [CORPUS[name]])
    for secret in (b"root:", b"[fonts]", b"Traceback"):
        assert secret not in back
    assert not back or back.startswith(b"HTTP/1.1 ") or name == "HTTP/2"
    assert not any("smuggled" in page for page in either_mirror.end().pages)
    assert_right_crawl(either_mirror)


@pytest.mark.parametrize("name", SMALL)
def test_corpus_is_answered_alike_when_it_comes_split(mirror, name):
    """By every byte: what the parser remembers does not depend on the packets."""
    data = SMALL[name][:700]
    with mirror.open() as wire, mirror.open() as other:
        assert send_all(wire, [data]) == send_all(
            other, [data[at : at + 1] for at in range(len(data))]
        )


@pytest.mark.timeout(400)
def test_crawl_beside_hostile_clients_is_undisturbed(mirror):
    """While four of them send the corpus again and again, four crawls are right and counted."""
    over = threading.Event()

    def attack():
        while not over.is_set():
            for data in CORPUS.values():
                with mirror.open() as wire:
                    wire.send(data[:50_000])

    attackers = [threading.Thread(target=attack) for _ in range(4)]
    mirror.begin("beside")
    try:
        for attacker in attackers:
            attacker.start()
        for _ in range(4):
            assert_right_crawl(mirror)
    finally:
        over.set()
        for attacker in attackers:
            attacker.join()
    counters = mirror.end()
    assert all(counters.pages[page] >= 4 for page in BODIES)
    assert counters.pages[PAGE_2] == 4  # which no attacker asked for


def test_slow_clients_cost_others_nothing(mirror):
    """Two hundred with half a request each; a crawl beside them is answered."""
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(mirror.open()).send(request()[:30])
        assert_right_crawl(mirror)


class Hostility(RuleBasedStateMachine):
    """Clients that come, send pieces of anything, and go, in any order; crawls in between."""

    mirror = None
    sent = 0

    def __init__(self):
        super().__init__()
        self.wires = []

    @rule(data=st.one_of(inputs(), st.sampled_from(list(SMALL.values()))), stays=st.booleans())
    def come(self, data, stays):
        """Send, and leave at once or stay."""
        type(self).sent += 1
        wire = self.mirror.open()
        wire.send(data)
        if stays and len(self.wires) < 8:
            self.wires.append(wire)
        else:
            wire.__exit__()

    @rule(data=inputs(), places=st.lists(st.integers(0, 400), max_size=3), at=st.integers(0, 7))
    def go_on(self, data, places, at):
        """Send more on a connection that stayed."""
        if self.wires:
            type(self).sent += 1
            self.wires[at % len(self.wires)].send(*cut(data, places))

    @rule(at=st.integers(0, 7))
    def leave(self, at):
        """Close a connection that stayed, its answers unread: a reset."""
        if self.wires:
            self.wires.pop(at % len(self.wires)).__exit__()

    @rule(address=st.sampled_from(sorted(BODIES)))
    def crawl(self, address):
        """Ask for a page as it should be."""
        assert self.mirror.ask(address, GZIP).page == BODIES[address]

    def teardown(self):
        """Leave, and nothing is left."""
        for wire in self.wires:
            wire.__exit__()


@pytest.mark.timeout(max(120, INPUTS // 50))
@pytest.mark.parametrize("share", [1.0, 0.05], ids=["loopback", "shaky"])
def test_machine_of_hostile_clients_finds_nothing(mirror, shaky_mirror, share):
    """Whatever they do in whatever order, crawls in between are right and nothing stays behind.

    The mirror whose answers wait takes a twentieth of the inputs.
    """
    running = mirror if share == 1.0 else shaky_mirror

    class Here(Hostility):
        mirror = running

    examples = max(1, int(share * INPUTS / INPUTS_PER_RUN / LOOPS))
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{Here.sent:,} inputs in {examples:,} runs")
    running.ask()
    running.wait_until(lambda: not running.mirror.connections)
    assert running.mirror.counters.in_flight == 0
