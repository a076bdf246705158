"""The stock event loop on select(2) (floor 1)."""

from __future__ import annotations

import asyncio
import selectors


class SelectLoop(asyncio.SelectorEventLoop):
    """Uses select, which many systems limit to 1,024 files: with more, it fails."""

    def __init__(self) -> None:
        """Use select instead of what suits the system best."""
        super().__init__(selectors.SelectSelector())
