"""The neutral table."""

from __future__ import annotations

import pytest

from crawlbench.report.table import Column, Table

TABLE = Table(
    "title",
    (Column("a"), Column("b", is_number=True), Column("c")),
    (("a1", "b1", "c1"), ("a2", "b2", "c2")),
)


def test_picked_columns_come_in_the_order_asked_for():
    """With their cells, their alignment and the title."""
    assert TABLE.pick(("c", "b")) == Table(
        "title", (Column("c"), Column("b", is_number=True)), (("c1", "b1"), ("c2", "b2"))
    )


def test_pick_can_replace_the_title():
    """An empty title is a title too."""
    assert TABLE.pick(("a",), title="").title == ""


def test_picking_from_a_table_without_rows_gives_none():
    """The columns remain."""
    assert Table("title", TABLE.columns, ()).pick(("a",)) == Table("title", (Column("a"),), ())


def test_picking_an_unknown_header_is_a_mistake():
    """It is a mistake in our own code, so it is loud."""
    with pytest.raises(ValueError, match="'d' is not in list"):
        TABLE.pick(("d",))
