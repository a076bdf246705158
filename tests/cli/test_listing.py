"""What is not installed is listed with the extra that brings it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.cli.listing import _absent_extras
from crawlbench.plugins.about import describe_strategy

HERE = describe_strategy("requests-serial")


@pytest.mark.parametrize(
    ("libraries", "words"),
    [
        ([], ""),
        (["a-package-that-nobody-has"], ""),
        (["httpx"], "crawlbench's extra 'clients'"),
        (["httpx", "primp"], "crawlbench's extra 'clients'"),
        (["niquests", "httpx"], "crawlbench's extras 'clients' and 'niquests'"),
        (
            ["niquests", "httpx", "distributed"],
            "crawlbench's extras 'clients', 'cluster' and 'niquests'",
        ),
    ],
)
def test_each_extra_that_is_needed_is_named_once(libraries, words):
    """Only of what is missing; strangers' packages come from elsewhere."""
    facts = [replace(HERE, library=library, installed=False) for library in libraries]
    assert _absent_extras([HERE, *facts]) == words
