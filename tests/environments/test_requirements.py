"""What may be loaded: what was imported, and what that requires as it was asked for."""

from __future__ import annotations

import pytest

from crawlbench.base.records import Environment
from crawlbench.environments.requirements import extras_for, may_be_loaded

REQUIRES = {
    "httpx": ["httpcore==1.*", 'h2<5,>=3; extra == "http2"', "Zstandard; extra=='zstd'"],
    "httpcore": [],
    "h2": ["hpack (<5,>=4)"],
    "hpack": [],
    "zstandard": [],
    "orjson": [],
    "Odd_Name": ["httpx"],
}


@pytest.mark.parametrize(
    ("imported", "extras", "found"),
    [
        ([], {}, set()),
        (["httpx"], {}, {"httpx", "httpcore"}),
        (["httpx"], {"httpx": {"http2"}}, {"httpx", "httpcore", "h2", "hpack"}),
        (["Odd.Name"], {"httpx": {"zstd"}}, {"odd-name", "httpx", "httpcore", "zstandard"}),
        (["gone"], {}, set()),
    ],
)
def test_requirements_count_and_extras_where_they_were_asked_for(imported, extras, found):
    assert may_be_loaded(imported, REQUIRES, extras) == found


def test_circles_of_requirements_end():
    assert may_be_loaded(["a"], {"a": ["b"], "b": ["a"]}, {}) == {"a", "b"}


def test_extras_are_the_users_and_ours():
    found = extras_for(Environment("x", packages=("Aiohttp[speedups]>=3", "orjson")))
    assert found["aiohttp"] == {"speedups"}
    assert "http2" in found["httpx"]
    assert found["orjson"] == set()
