"""The stock event loop of Windows, on completion ports (floor 1)."""

from __future__ import annotations

import asyncio
import sys

from crawlbench.base.errors import NotInstalledError

if sys.platform == "win32":

    class ProactorLoop(asyncio.ProactorEventLoop):
        """Completes reads and writes instead of asking when they are possible."""

else:
    raise NotInstalledError("event loop 'asyncio-proactor' is not available: only Windows has it")
