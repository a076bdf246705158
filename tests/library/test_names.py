"""What `import crawlbench` offers: typed, lazy, and not hidden by the rooms of the house."""

from __future__ import annotations

import sys

import pytest
from tests.child import succeed

import crawlbench

OURS = (
    "import crawlbench, sys\n"
    "crawlbench.__version__\n"
    "print(*(name for name in sys.modules if name.startswith('crawlbench')))"
)


@pytest.mark.parametrize("name", crawlbench.__all__)
def test_public_name_is_there_and_listed(name):
    """Each can be had, and completion offers it."""
    assert callable(getattr(crawlbench, name))
    assert name in dir(crawlbench)


def test_every_home_is_public():
    """No name can be had that nobody has promised; `mirror` is the room of that name."""
    assert {*crawlbench._HOMES, "mirror"} == set(crawlbench.__all__)


def test_import_alone_loads_nothing_more():
    """Whoever asks for the version pays for no measuring."""
    call = [sys.executable, "-c", OURS]
    outcome = succeed(call)
    assert outcome.stdout.split() == ["crawlbench"]


def test_unknown_name_is_an_attribute_error():
    """As of any module, so that `hasattr` works."""
    assert not hasattr(crawlbench, "runn")


def test_mirror_is_a_function_whatever_was_imported_before():
    """The room of that name would hide it, were it not the same."""
    import crawlbench.mirror.process
    from crawlbench.mirror import process

    assert crawlbench.mirror.process is process
    assert type(crawlbench.mirror("index", "lan")).__name__ == "ServedMirror"
