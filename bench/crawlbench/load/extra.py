"""The extra `cluster`: whether what load needs is installed here (floor 3)."""

from __future__ import annotations

from importlib.util import find_spec

from crawlbench.errors import NotInstalledError

__all__ = ["require_histograms"]


def require_histograms() -> None:
    """Raise if latencies cannot be kept.

    Raises:
        NotInstalledError: the library of HdrHistogram is missing; the message has the command.
    """
    if find_spec("hdrh") is None:
        raise NotInstalledError(
            "load keeps latencies with hdrhistogram, not installed here; "
            "it comes with crawlbench's extra 'cluster'"
        )
