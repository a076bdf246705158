"""The meter of a peer, which a round uses in the place of a mirror."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from crawlbench.base.errors import MirrorError
from crawlbench.measure.peers import PeerMeter
from crawlbench.operations import open_peer


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a peer is always asked")
@pytest.mark.parametrize("is_aside", [False, True])
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_peer_that_hangs_or_died_is_said_where_a_worker_failed(monkeypatch, number, is_aside):
    """That would be no loop's fault; after a value that is right, it need not answer."""

    async def measure(process):
        monkeypatch.setattr("crawlbench.operations.peers.ANSWER_TIMEOUT_S", 0.2)  # it has started
        meter = PeerMeter(process, is_aside=is_aside)
        await meter.begin()
        assert (await meter.end()).cpu_s >= 0
        process._child._process.send_signal(number)
        if number == signal.SIGSTOP:
            assert (await meter.end()).cpu_s >= 0
        await meter.end(has_failed=True)

    with open_peer("bulk") as process, pytest.raises(MirrorError, match="the peer 'bulk' di"):
        asyncio.run(measure(process))
