"""A complaint about a file says which value it is about."""

from __future__ import annotations

import msgspec
import pytest

from crawlbench.base.complaints import with_value


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    count: int


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    inner: list[Inner] = []
    name: str = ""
    table: dict[str, int] = {}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": 7}, "Expected `str`, got `int` - at `$.name`, seen: 7"),
        ({"inner": [{"count": 1}, {"count": "x"}]}, "- at `$.inner[1].count`, seen: 'x'"),
        ({"inner": "x"}, "- at `$.inner`, seen: 'x'"),
        ({"name": ["y" * 500]}, "seen: ['" + "y" * 78),
        ({"inner": [{}]}, "missing required field `count` - at `$.inner[0]`"),
        ({"nam": 1}, "Object contains unknown field `nam`"),
        ({"table": {"a-b": "x"}}, "Expected `int`, got `str` - at `$.table[...]`"),
        ([], "Expected `object`, got `array`"),
    ],
)
def test_the_value_is_shown_where_there_is_one(fields, said):
    """A whole table is not: the sentence names what is missing or too much."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(fields, Outer)
    assert with_value(str(caught.value), fields).endswith(said)
