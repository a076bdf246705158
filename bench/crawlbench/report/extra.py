"""The extra `report`: whether the packages that draw are installed (floor 3).

None of them is imported before it is needed: altair takes a quarter of a second.
"""

from __future__ import annotations

from importlib.util import find_spec

from crawlbench.base.errors import NotInstalledError

_PACKAGES = {"altair": "altair", "vl_convert": "vl-convert-python"}


def can_draw() -> bool:
    """Return whether pages and pictures can be made."""
    return not _missing()


def require_drawing() -> None:
    """Raise if pages and pictures cannot be made.

    Raises:
        NotInstalledError: a package of the extra is missing; the message has the command to install
        it.
    """
    if missing := _missing():
        raise NotInstalledError(
            f"html, svg and png need {' and '.join(missing)}, not installed here; "
            "they come with crawlbench's extra 'report'"
        )


def _missing() -> list[str]:
    return [package for module, package in _PACKAGES.items() if find_spec(module) is None]
