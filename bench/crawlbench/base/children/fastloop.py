"""The event loop on which our own servers and generators run (floor 0)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory, or None (asyncio's own) where there is no uvloop."""
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415  (absent on Windows)

        return uvloop.new_event_loop
    return None
