"""The extra `archive`: what reads archives is installed here, or one sentence says so (floor 4)."""

from __future__ import annotations

import importlib
from typing import Any

from crawlbench.base.errors import NotInstalledError

__all__ = ["need"]


def need(module: str, what: str) -> Any:  # noqa: ANN401  (a module)
    """Import a module of a library that is named as the module is.

    Args:
        module: to import.
        what: needs it, for the message.

    Raises:
        NotInstalledError: it is missing.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise NotInstalledError(
            f"{what} needs {package!r}, which is not installed here; try: pip install {package}"
        ) from error
