"""The client that asks a mirror for all it can give."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from tests.mirror.wire import open_on

from crawlbench.base.errors import MirrorError
from crawlbench.measure import ceiling
from crawlbench.measure.ceiling import ask_mirror, measure_ceiling
from crawlbench.mirror.networks import NETWORKS, Network


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("network", ["loopback", "loopback-tls"])
def test_answers_are_those_that_the_mirror_counted(network, http2, coding):
    """No more, no less, by the protocol that was asked for and over as many connections."""

    async def session():
        async with open_on(NETWORKS[network]) as mirror:
            await mirror.begin("ceiling", plays_network=False)
            rate = await measure_ceiling(
                mirror.address,
                "/top250",
                mirror.ca_file,
                coding=coding,
                http2=http2,
                connections=3,
                span_s=0.1,
            )
            return rate, await mirror.end()

    rate, counters = asyncio.run(session())
    assert counters.requests % ceiling.BATCH == 0
    assert counters.requests / 2 < rate < counters.requests / 0.1 * 1.01
    assert counters.pages == {"/top250": counters.requests}
    assert counters.http2_requests == (counters.requests if http2 else 0)
    assert counters.connections == 3
    assert counters.tls_connections == (3 if network == "loopback-tls" else 0)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("most", [1, 3, 20, None])
def test_mirror_that_accepts_few_connections_is_asked_over_as_many(most, tls):
    """More would never be answered, as each stays open until all are done."""

    async def session():
        async with open_on(Network(most_connections=most, tls=tls)) as mirror:
            await mirror.begin("ceiling", plays_network=False)
            rate = await asyncio.wait_for(ask_mirror(mirror, "/top250", None, 0.05), 20)
            return rate, await mirror.end()

    rate, counters = asyncio.run(session())
    assert rate > 0
    assert counters.connections == min(most or 8, 8)


def test_mirror_that_is_gone_ends_the_session_as_such():
    """Not as an error of crawlbench's own."""

    async def session():
        async with open_on() as mirror:
            os.kill(mirror.pid, signal.SIGKILL)
            await mirror.wait()
            with pytest.raises(MirrorError, match="did not answer when asked for all it can give"):
                await ask_mirror(mirror, "/top250", None, 0.05)

    asyncio.run(session())


@pytest.mark.parametrize("cut", range(1, 12))
def test_end_of_an_answer_is_found_wherever_it_is_cut(cut):
    """The last chunk may come in two pieces, or in single bytes."""

    async def count():
        asker = ceiling._Http1Asker("x", "/", "gzip", None)
        answers = b"".join([b"3\r\nabc\r\n0\r\n\r\n"] * 5)
        for at in range(0, len(answers), cut):
            asker.data_received(answers[at : at + cut])
        return asker.answers

    asker_counts = asyncio.run(count())
    assert asker_counts == 5


def test_mirror_that_hangs_up_is_an_error():
    """And not a rate of what came until then."""

    async def session():
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            with pytest.raises(OSError):
                await measure_ceiling(f"http://127.0.0.1:{port}", "/", connections=2)
        finally:
            server.close()

    asyncio.run(session())
