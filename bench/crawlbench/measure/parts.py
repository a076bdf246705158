"""Finds what is sealed: clocks, our code, and the library that reads pages (floor 3)."""

from __future__ import annotations

import gc
import sys
import time
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOCKS = ("perf_counter", "monotonic", "process_time", "thread_time")
NAMES = {time: {*CLOCKS, *(f"{clock}_ns" for clock in CLOCKS)}, gc: {"collect"}}
OURS = "crawlbench."
GENERAL = {"builtins", "typing", "abc", "collections", "crawlbench"}
"""Modules whose classes are not part of a parsing library; ours are sealed anyway."""


def find_ours() -> Iterator[tuple[str, ModuleType | type, object]]:
    """Yield each function and class to seal: its dotted name, its owner, and the object."""
    for module, names in NAMES.items():
        for name in names:
            yield f"{module.__name__}.{name}", module, vars(module)[name]
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and _is_ours(module):
            for name, part in list(vars(module).items()):
                if isinstance(part, FunctionType | BuiltinFunctionType | type):
                    yield f"{module.__name__}.{name}", module, part
                if isinstance(part, type) and part.__module__ == module.__name__:
                    yield from _methods(part)


def find_tools(module: ModuleType | None) -> Iterator[tuple[str, ModuleType | type, object]]:
    """Yield, in the same form, the functions and methods of the libraries that a module imports."""
    for tool in list(vars(module).values()) if module else ():
        if isinstance(tool, type):
            yield from _methods_of_library(tool)
        if not isinstance(tool, ModuleType) or _is_ours(tool):
            continue
        for name, part in list(vars(tool).items()):
            if callable(part):
                yield f"{tool.__name__}.{name}", tool, part
            if isinstance(part, type):
                yield from _methods_of_library(part)


def _methods_of_library(kind: type) -> Iterator[tuple[str, type, object]]:
    """Yield what a library's class has, and what it inherits from others of that library."""
    library = kind.__module__.partition(".")[0]
    if library not in GENERAL:
        for one in kind.__mro__:
            if one.__module__.partition(".")[0] == library:
                yield from _methods(one)


def _is_ours(module: ModuleType) -> bool:
    return module.__name__.startswith(OURS) or module.__name__ == "__main__"  # what -m has started


def _methods(kind: type) -> Iterator[tuple[str, type, object]]:
    for name, part in list(vars(kind).items()):
        if isinstance(part, FunctionType | classmethod | staticmethod | property):
            yield f"{kind.__module__}.{kind.__qualname__}.{name}", kind, part
