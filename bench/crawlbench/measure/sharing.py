"""Which crawls share a process: those that differ only in length and network (floor 3; pure).

A process costs its imports, which take longer than many a crawl, and each length and network of a
strategy needs the same ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crawlbench.base.records import Cell
    from crawlbench.mirror.networks import Network


def find_sharing(cells: Iterable[Cell], networks: Mapping[str, Network]) -> dict[str, list[Cell]]:
    """Return, by the name of each process that several cells share in a round, these cells.

    Over TLS each cell has its own, because each mirror has its own authority: a client that finds
    its file by `SSL_CERT_FILE` may read it only once per process. Where a network has faults, only
    the lengths share a process: what a fault leaves behind in a client must not be seen elsewhere.
    """
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.operation or networks[cell.network].tls:
            continue
        at = f"on {cell.network} " if networks[cell.network].faults else ""
        alike = replace(cell, site=cell.long_of or cell.site, long_of="", network="*")
        found.setdefault(f"(crawls {at}of {alike.name})", []).append(cell)
    return {name: sharing for name, sharing in found.items() if len(sharing) > 1}


def find_cold(
    cells: Iterable[Cell], processes: Mapping[str, str], pages: Mapping[str, int], number: int
) -> frozenset[str]:
    """Return the names of the cells without warmups, because others warm their process.

    A warmup plays no network, so one for each length is enough. Of long forms the longest one warms
    the process, since whatever a shorter one needs is then ready. The short form has warmups of its
    own, on another network in each round, and so has the long form: without them the first crawls
    took longer, by 1.3 % with some clients and not at all with others (decision 17). In the
    calibration one cell warms each process, as it only shows roughly how long crawls take.

    Args:
        cells: the round's cells.
        processes: by cell, the name of its process.
        pages: how many pages sites have.
        number: the round's number; 0 is the calibration.
    """
    alike: dict[tuple[str, bool], list[Cell]] = {}
    for cell in cells:
        if not cell.operation:  # each operation is other code
            kind = processes[cell.name], bool(number and cell.long_of)
            alike.setdefault(kind, []).append(cell)
    warm = {_choose(some, pages, number).name for some in alike.values()}
    return frozenset(cell.name for some in alike.values() for cell in some) - warm


def _choose(cells: list[Cell], pages: Mapping[str, int], number: int) -> Cell:
    """Return the cell that warms a process for others that are like it."""
    if not number:
        return cells[0]
    most = max(pages[cell.site] for cell in cells)
    longest = [cell for cell in cells if pages[cell.site] == most]
    return longest[number % len(longest)]
