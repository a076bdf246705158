"""What a mirror notes of each request of a span."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.mirror.h2wire import Http2Wire
from tests.mirror.wire import BODIES, connect, open_on, running_mirror

from crawlbench.mirror.networks import Fault, Network
from crawlbench.mirror.trace import Tracer

PAGE_2 = "/top250?start=25&filter="


def read(path):
    """Return what was noted."""
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def traced(loop_factory, tmp_path):
    """Return a function that traces what another does with a mirror."""

    def trace(network, act):
        path = tmp_path / "notes.jsonl"
        with running_mirror(loop_factory, network) as running:
            tracer = Tracer(running.mirror, path)

            def begin():
                running.mirror.on_exchange = tracer
                running.mirror.begin("lap")

            running.call(begin)
            act(running)
            running.wait_until(lambda: not running.mirror.connections)
            running.call(tracer.close)
            assert running.mirror.on_exchange is None
        return read(path)

    return trace


def test_requests_are_noted_with_their_connection_and_times(traced):
    """By HTTP/1.1 and 2; times grow from opening to last byte, by the delay at least."""

    def act(running):
        with running.open() as wire:
            wire.ask()
            wire.ask("/none", method="HEAD")
        with Http2Wire(running.port) as wire:
            wire.ask(PAGE_2)

    notes = traced(Network(round_trip_s=0.02), act)
    assert [note[:4] for note in notes] == [
        [1, "1.1", "/top250", 200],
        [1, "1.1", "/none", 404],
        [2, "2", PAGE_2, 200],
    ]
    assert notes[0][4] > len(BODIES["/top250"])
    for *_, opened, arrived, first, last in notes:
        assert 0 <= opened <= arrived <= first - 0.018 < first <= last


def test_answers_that_never_end_are_noted_when_the_client_leaves(traced):
    """Their last byte never went; a reset has no status."""
    faults = (Fault("stall", page="/top250"), Fault("reset", page=PAGE_2))

    def act(running):
        with running.open() as wire:
            wire.send(b"GET /top250 HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.socket.recv(10)
        with running.open() as wire:
            wire.send(f"GET {PAGE_2} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert wire.is_closed()

    stalled, reset = sorted(traced(Network(faults=faults), act))
    assert (stalled[3], stalled[-1]) == (200, None)
    assert (reset[3], reset[4]) == (0, 0)


def test_connection_of_an_earlier_span_has_number_0(loop_factory, tmp_path):
    """And opened before the beginning."""
    path = tmp_path / "notes.jsonl"
    with running_mirror(loop_factory, Network()) as running, running.open() as wire:
        wire.ask()

        def begin():
            running.mirror.on_exchange = Tracer(running.mirror, path)
            running.mirror.begin("lap")

        running.call(begin)
        wire.ask()
        running.call(running.mirror.on_exchange.close)
    ((number, *_, opened, _, _, _),) = read(path)
    assert number == 0
    assert opened < 0


def test_process_traces_the_spans_that_it_is_told_to(tmp_path):
    """Only those; a file that cannot be made costs the trace, not the span."""
    path = tmp_path / "notes.jsonl"

    async def session():
        async with open_on() as mirror:
            counts = []
            for trace_file in (None, path, None, tmp_path / "none" / "x"):
                await mirror.begin("lap", trace_file=trace_file)
                with connect(mirror) as wire:
                    assert wire.ask().status == 200
                counts.append((await mirror.end()).requests)
            return counts

    assert asyncio.run(session()) == [1, 1, 1, 1]
    assert len(read(path)) == 1
