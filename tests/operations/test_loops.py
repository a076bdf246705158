"""A loop that is none is said in one sentence."""

from __future__ import annotations

import asyncio

import pytest

from crawlbench.base.errors import BenchError, UnknownNameError, UsageError
from crawlbench.operations import load_loop_factory

PLANTED = "tests.operations.planted"


def test_registered_name_and_address_give_the_same_factory():
    """`-l asyncio` and `-l asyncio:SelectorEventLoop`."""
    assert load_loop_factory("asyncio") is asyncio.SelectorEventLoop
    assert load_loop_factory("asyncio:SelectorEventLoop") is asyncio.SelectorEventLoop


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("uvlop", "unknown event loop 'uvlop' (did you mean 'uvloop'?)"),
        ("no_such_loop:new", "needs the module 'no_such_loop', which is not here"),
        ("asyncio:Nothing", "module 'asyncio' has no attribute 'Nothing'; give a function that"),
        (f"{PLANTED}:no_loop", "its factory returned a str, not an asyncio event loop"),
        (f"{PLANTED}:failing_factory", "raised RuntimeError: this Python is too old"),
        ("asyncio:", "has no attribute ''"),
    ],
)
def test_what_is_no_loop_is_said_in_a_sentence(name, sentence):
    """Unknown, absent, misspelt, something else, and too old a Python."""
    with pytest.raises(BenchError) as caught:
        load_loop_factory(name)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, UnknownNameError | UsageError)
