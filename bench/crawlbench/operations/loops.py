"""Event loops by name, or by `module:factory` for one that is not registered (floor 2)."""

from __future__ import annotations

import asyncio
import importlib
import operator
from collections.abc import Callable

from crawlbench import registry
from crawlbench.errors import BrokenPluginError, NotInstalledError, UsageError

__all__ = ["LoopFactory", "factory_address", "load_loop_factory"]

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
"""Returns a new event loop, open and not running."""


def factory_address(name: str) -> str:
    """Return `module:factory` for a registered event loop's name, or the argument if it is one.

    Raises:
        UnknownNameError: no event loop has that name.
    """
    return name if ":" in name else registry.find(registry.Kind.EVENT_LOOP, name).value


def load_loop_factory(name: str) -> LoopFactory:
    """Import a loop's factory and see that it makes loops.

    Args:
        name: a registered event loop, or `module:factory`.

    Raises:
        UnknownNameError: no event loop has that name.
        NotInstalledError: its module is not here.
        BrokenPluginError: it cannot be imported on this Python.
        UsageError: there is no such factory, or what it returns is no event loop.
    """
    module_name, _, attribute = factory_address(name).partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            f"event loop {name!r} needs the module {error.name!r}, which is not installed here; "
            f"try: pip install {(error.name or module_name).partition('.')[0].replace('_', '-')}"
        ) from error
    except Exception as error:
        raise BrokenPluginError(
            f"event loop {name!r} cannot be imported on this Python: "
            f"{type(error).__name__}: {error}"
        ) from error
    return _tried(name, module, attribute)


def _tried(name: str, module: object, attribute: str) -> LoopFactory:
    try:
        factory: LoopFactory = operator.attrgetter(attribute)(module)
    except AttributeError as error:
        raise UsageError(
            f"event loop {name!r}: {error}; give a function that returns a new loop, such as "
            "uvloop:new_event_loop"
        ) from error
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
    return factory
