"""The stock event loop on poll(2) (floor 1)."""

from __future__ import annotations

import asyncio
import selectors

from crawlbench.base.errors import NotInstalledError

if not hasattr(selectors, "PollSelector"):
    raise NotInstalledError("event loop 'asyncio-poll' is not available: this system has no poll")


class PollLoop(asyncio.SelectorEventLoop):
    """Uses poll, whose cost grows with the number of connections."""

    def __init__(self) -> None:
        """Use poll instead of what suits the system best."""
        super().__init__(selectors.PollSelector())
