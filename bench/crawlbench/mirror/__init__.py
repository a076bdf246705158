"""The server of the sites' pages, in a process of its own (floor 2).

The package itself can be called: `with crawlbench.mirror("douban-top250", "wan") as served:`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from crawlbench.mirror.handle import ServedMirror


class _Room(ModuleType):
    """A package that is also a public function, which importing the package must not hide."""

    def __call__(
        self,
        site: str | PathLike[str] = "douban-top250",
        network: str | PathLike[str] = "loopback",
        *,
        seed: int = 1,
    ) -> ServedMirror:
        """Return a mirror that serves for the duration of its `with` or `async with`."""
        from crawlbench.mirror.handle import ServedMirror  # noqa: PLC0415  (only when called)

        return ServedMirror(site, network, seed=seed)


sys.modules[__name__].__class__ = _Room
