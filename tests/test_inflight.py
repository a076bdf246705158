"""A thousand requests in flight are a thousand, where a client and the network allow them."""

from __future__ import annotations

import asyncio

import pytest
from benchmarks import inflight


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["aiohttp-gather", "httpx-async", "pycurl-multi"])
def test_mirror_sees_a_thousand_at_once(strategy):
    """The round trip is longer than it takes to send them all; each is asked for once."""
    inflight.raise_descriptors()
    seen = asyncio.run(inflight.see(strategy))
    assert not seen.trouble
    assert 950 <= seen.most_in_flight <= 1000
