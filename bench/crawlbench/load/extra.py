"""The extra `cluster`: whether what load needs is installed here (floor 3)."""

from __future__ import annotations

from importlib.util import find_spec

from crawlbench.errors import NotInstalledError

__all__ = ["require_dask", "require_histograms"]


def require_histograms() -> None:
    """Raise if latencies cannot be kept.

    Raises:
        NotInstalledError: the library of HdrHistogram is missing; the message has the command.
    """
    _require("hdrh", "load keeps latencies with hdrhistogram")


def require_dask() -> None:
    """Raise if no cluster can be spoken to.

    Raises:
        NotInstalledError: Dask is missing; the message has the command.
    """
    _require("distributed", "--cluster needs distributed")


def _require(module: str, need: str) -> None:
    if find_spec(module) is None:
        raise NotInstalledError(
            f"{need}, not installed here; try: pip install 'crawlbench[cluster]'"
        )
