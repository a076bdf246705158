"""Loads event loops, and makes sure that they make loops before they are measured (floor 1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from crawlbench.base.errors import UsageError
from crawlbench.plugins import registry

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
"""Returns a new event loop, open and not running."""


def load_loop_factory(name: str) -> LoopFactory:
    """Import and return a loop's factory, and check that it makes loops.

    Args:
        name: a registered event loop, or `module:factory`.

    Raises:
        UnknownNameError: no event loop has that name.
        NotInstalledError: its module is not installed.
        BrokenPluginError: it cannot be imported on this Python.
        UsageError: there is no such factory, or what it returns is not an event loop.
    """
    return _try_out(name)[0]


def find_foreign(name: str) -> str:
    """Return why the loops that a factory makes would be invalid in every cell; empty if not.

    Workers tell which loop ran by the module of its class (`measure/verify.py`).

    Raises:
        UnknownNameError, NotInstalledError, BrokenPluginError, UsageError: as `load_loop_factory`.
    """
    kind = type(_try_out(name)[1])
    asked, made = registry.declared_module(name), kind.__module__.partition(".")[0]
    if made == asked:
        return ""
    return (
        f"event loop {name!r}: its factory makes loops of {made}, which a worker cannot tell from "
        f"those of others; make them of a class of {asked}, derived from {made}'s {kind.__name__}"
    )


def _try_out(name: str) -> tuple[LoopFactory, asyncio.AbstractEventLoop]:
    """Return a factory, and a loop that it made, which is closed."""
    factory: LoopFactory = registry.load(registry.Kind.EVENT_LOOP, name)
    try:
        loop = factory()
    except Exception as error:
        raise UsageError(
            f"event loop {name!r}: its factory raised {type(error).__name__}: {error}"
        ) from error
    if not isinstance(loop, asyncio.AbstractEventLoop):
        raise UsageError(
            f"event loop {name!r}: its factory returned a {type(loop).__name__}, not an asyncio "
            "event loop"
        )
    loop.close()
    return factory, loop
