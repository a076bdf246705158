"""The order within laps."""

from __future__ import annotations

from collections import Counter

from crawlbench.measure.schedule import epoch, lap_order

CELLS = [f"cell {number}" for number in range(6)]


def test_order_is_the_same_whenever_it_is_asked_again():
    """A session can be repeated by its seed."""
    first = lap_order(CELLS, 1, 2, 3, warmup=False)
    assert lap_order(CELLS, 1, 2, 3, warmup=False) == first
    assert lap_order(CELLS, 2, 2, 3, warmup=False) != first


def test_each_lap_has_every_cell_once_in_another_order():
    """Nobody is left out, nobody is always first."""
    orders = [
        lap_order(CELLS, 1, number, lap, warmup=False) for number in range(20) for lap in range(5)
    ]
    assert all(sorted(order) == CELLS for order in orders)
    assert len({tuple(order) for order in orders}) > 90
    assert all(5 <= count <= 30 for count in Counter(order[0] for order in orders).values())


def test_epochs_tell_warmups_from_laps():
    """No two laps of a session draw the same delays."""
    epochs = {
        epoch(n, lap, warmup=w) for n in range(12) for lap in range(12) for w in (True, False)
    }
    assert len(epochs) == 12 * 12 * 2
