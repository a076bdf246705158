"""The extra `cluster`: whether Dask is installed here (floor 4)."""

from __future__ import annotations

from importlib.util import find_spec

from crawlbench.errors import NotInstalledError

__all__ = ["require_dask"]


def require_dask() -> None:
    """Raise if Dask is not there.

    Raises:
        NotInstalledError: the message has the command.
    """
    if find_spec("distributed") is None:
        raise NotInstalledError(
            "--cluster needs Dask (distributed), not installed here; "
            "try: pip install 'crawlbench[cluster]'"
        )
