"""How a Python describes itself, and which version that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlbench.environments.pythons import Interpreter


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("cpython|3.13.0 (main, Oct  7 2024) [GCC 13.2.0]", (3, 13, 0)),
        ("cpython|3.12.10 | packaged by conda-forge | (main)", (3, 12, 10)),
        ("cpython|3.14.0a7 (main)", (3, 14, 0)),
        ("cpython|3.14.0b1+ (heads/main:1)", (3, 14, 0)),
        ("cpython|3.13.0rc2 experimental free-threading build (v1)", (3, 13, 0)),
        ("cpython|3.14.10rc1 (main)", (3, 14, 10)),
        ("pypy|3.11.11 (0253c85bf5f8, Feb 26 2025) [PyPy 7.3.19]", (3, 11, 11)),
        ("shell|", ()),
    ],
)
def test_version_is_without_what_stands_behind_its_numbers(said, version):
    assert Interpreter(Path("python"), said).version == version
