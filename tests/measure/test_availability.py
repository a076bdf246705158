"""What a plan asks of plug-ins costs one process, however many kinds of them it names."""

from __future__ import annotations

import pytest

from crawlbench.base.children import PlainChild
from crawlbench.base.errors import UnknownNameError
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import load_suite, override
from crawlbench.plugins.scouts import scout


@pytest.fixture
def started(monkeypatch):
    """Return the processes in which plug-ins are looked at, where nothing is known of any yet."""
    found = []

    class Counted(PlainChild):
        def __init__(self, *arguments):
            found.append(arguments)
            super().__init__(*arguments)

    monkeypatch.setattr(scout, "PlainChild", Counted)
    monkeypatch.setattr(scout, "_known", {})
    return found


def plan(**changes):
    axes = {"strategies": ["requests-serial", "aiohttp-gather"], "networks": ["loopback"]}
    return make_plan("test", override(load_suite("quick"), {**axes, **changes}))


def test_plugins_of_all_kinds_are_looked_at_in_one_process(started):
    """Each imports our own code, and a session had one for each kind."""
    assert len({cell.strategy for cell in plan().cells}) == 2
    assert len(started) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"networks": ["moon"]}, "unknown network 'moon'"),
        ({"sites": ["moon"]}, "unknown site 'moon'"),
        ({"parsers": ["moon"]}, "unknown parser 'moon'"),
        ({"event_loops": ["moon"]}, "unknown event loop 'moon'"),
    ],
)
def test_name_that_nobody_knows_is_told_before_anything_is_imported(started, changes, words):
    """Whichever kind it is of."""
    with pytest.raises(UnknownNameError, match=words):
        plan(**changes)
    assert started == []
