"""Where the mirror listens: one sentence names the address that cannot be had."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest
from tests.mirror.wire import make_responses

from crawlbench.base.errors import MirrorError
from crawlbench.mirror.door import Entrance
from crawlbench.mirror.networks import NETWORKS
from crawlbench.mirror.server import Mirror

ELSEWHERE = "192.0.2.1"  # of a range that nobody has (RFC 5737)


def open_on(loop_factory, tmp_path, *others):
    """Return the origin of a mirror that listens on these addresses too."""

    async def listen():
        with closing(Mirror(make_responses(), NETWORKS["loopback"], 1)) as mirror:
            mirror.begin("")
            return await Entrance(mirror, tmp_path / "ca.pem", others=others).open_main()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(listen())


def test_address_of_many_hosts_that_cannot_be_had_is_named(loop_factory, tmp_path):
    """With the port and the system's words; those that can be had are no obstacle."""
    assert open_on(loop_factory, tmp_path, "127.0.0.2").startswith("http://127.0.0.1:")
    words = rf"cannot listen on '{ELSEWHERE}' at port \d+, .*: Cannot assign requested address"
    with pytest.raises(MirrorError, match=words):
        open_on(loop_factory, tmp_path, "127.0.0.2", ELSEWHERE)
