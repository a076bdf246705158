"""The stock event loop with eager tasks (floor 1)."""

from __future__ import annotations

import asyncio
import sys

from crawlbench.base.errors import NotInstalledError

if sys.version_info < (3, 12):
    raise NotInstalledError(
        "event loop 'asyncio-eager' is not available: Python 3.12 is the first with eager tasks"
    )


class EagerLoop(asyncio.SelectorEventLoop):
    """Runs a new task at once until it waits for the first time."""

    def __init__(self) -> None:
        """Use the eager task factory."""
        super().__init__()
        self.set_task_factory(asyncio.eager_task_factory)
