"""The shortest time that a crawl could take on a network (floor 2; pure)."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import Cell, Sample, Session

REFERENCE = "limit-socket"
"""The strategy that shows what fetching and parsing cost when the client itself costs nothing."""


def critical_path_s(network: Mapping[str, float], pages: int, concurrency: int) -> float:
    """Return the mean time of the round trips that no client can avoid.

    One connection must be made and the first page fetched before the others are known; these are
    requested `concurrency` at a time, on connections that were opened meanwhile.
    """
    waves = math.ceil((pages - 1) / concurrency)
    trips = network.get("connect_round_trips", 0.0) + 1 + waves
    return trips * network.get("round_trip_s", 0.0)


def find_limit_s(session: Session, cell: Cell, reference: Sequence[Sample] | None) -> float | None:
    """Return the critical path plus the reference's CPU time in this cell's laps, in seconds.

    Work can overlap with waiting, so on a slow network a cell may come closer than the sum
    suggests.

    Args:
        session: the one that played the network.
        cell: the cell to compare with its limit.
        reference: samples of the raw reference with the cell's parser and concurrency; None if the
            session has none that is valid, in which case there is no limit.
    """
    if cell.operation or not reference:
        return None
    cpu_s = fmean(s.cpu_user_s + s.cpu_system_s for s in reference)
    pages = round(reference[0].requests / reference[0].loops)
    return critical_path_s(session.networks[cell.network], pages, cell.concurrency) + cpu_s
