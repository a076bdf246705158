"""Peers that all tests of a worker share."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from crawlbench.operations import open_peer


@pytest.fixture(scope="session")
def peer_of():
    """Return a function that gives the peer of an operation, started when it is first needed."""
    with ExitStack() as stack:
        started = {}

        def find(operation):
            kind = operation.peer
            if kind != "none" and kind not in started:
                started[kind] = stack.enter_context(open_peer(kind)).peer
            return started.get(kind)

        yield find
