"""How long a page of a user's site may take, and the error for one that takes longer (floor 1).

A user's regular expressions and selectors may never end. They run in processes that are thrown
away, which name each page before they read it.
"""

from __future__ import annotations

from crawlbench.base.errors import BrokenPluginError

READ_S = 15.0
"""Seconds to read one page; lxml needs less than one for ten megabytes."""


def too_slow(site: str, page: str, culprit: str) -> BrokenPluginError:
    """Return the error for a page that is not read in time.

    Args:
        site: the site, as on the command line.
        page: the page's address, without its origin.
        culprit: where the slow expression stands, and what it is; empty if that is not known.
    """
    late = f"site {site!r}: {page} is not read within {READ_S:g} s"
    if not culprit:
        return BrokenPluginError(f"{late}; fix the site")
    return BrokenPluginError(
        f"{late} because of {culprit}; write it so that it comes to an end, for instance "
        "without one + or * within another"
    )
