"""crawlbench: the neutral referee for Python's ways to fetch many pages.

Public names are imported on first use; docs/library.md shows how.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.base.errors import BenchError
    from crawlbench.library.comparison import Comparison, compare
    from crawlbench.library.gate import GateResult
    from crawlbench.library.measurement import ab, run
    from crawlbench.library.rows import Change, Pair, Row
    from crawlbench.library.session import Session, load_session
    from crawlbench.mirror.handle import MirrorAddress
    from crawlbench.mirror.handle import ServedMirror as mirror  # noqa: N813  (it is called)

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022  (grouped by what they are for)
    # measuring
    "ab",
    "run",
    # sessions that were kept
    "compare",
    "load_session",
    # pages to crawl
    "mirror",
    # what is returned
    "Change",
    "Comparison",
    "GateResult",
    "MirrorAddress",
    "Pair",
    "Row",
    "Session",
    # what is raised
    "BenchError",
]

_HOMES = {
    "BenchError": "crawlbench.base.errors",
    "Change": "crawlbench.library.rows",
    "Comparison": "crawlbench.library.comparison",
    "GateResult": "crawlbench.library.gate",
    "MirrorAddress": "crawlbench.mirror.handle",
    "Pair": "crawlbench.library.rows",
    "Row": "crawlbench.library.rows",
    "Session": "crawlbench.library.session",
    "ab": "crawlbench.library.measurement",
    "compare": "crawlbench.library.comparison",
    "load_session": "crawlbench.library.session",
    "run": "crawlbench.library.measurement",
}
"""Public name to the module that has it. `mirror` is a room of that name, which can be called."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name == "mirror":
        return import_module("crawlbench.mirror")
    if name not in _HOMES:
        raise AttributeError(f"module 'crawlbench' has no attribute {name!r}")
    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
