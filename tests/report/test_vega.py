"""Vega's scripts are bundled once, and kept in the user's cache."""

from __future__ import annotations

import pytest

from crawlbench.report import vega


@pytest.fixture
def bundled(monkeypatch, tmp_path):
    """Return what was bundled so far; the cache is empty, and the process that draws is a fake."""
    made = []

    def draw(what, **_):
        made.append(what)
        return f"'</script' + {len(made)}\r\n"

    monkeypatch.setenv("CRAWLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(vega, "_draw", draw)
    return made


def scripts():
    """Return the scripts as a new process would."""
    return vega.vega_scripts.__wrapped__()


def test_scripts_are_made_once(bundled):
    """And as they may stand in a page."""
    assert scripts() == scripts() == "'<\\/script' + 1\n"
    assert len(bundled) == 1


@pytest.mark.parametrize("damage", [b"", b"'changed'", b"\xff"])
def test_file_that_was_changed_is_not_used(bundled, tmp_path, damage):
    """Its name is its digest; what is made anew is kept again."""
    scripts()
    (kept,) = tmp_path.glob("cache/vega-*/*.js")
    kept.write_bytes(damage)
    assert scripts() == scripts() == "'<\\/script' + 2\n"
    assert len(bundled) == 2


def test_page_has_its_scripts_where_nothing_can_be_kept(bundled, tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "cache").write_text("")
    assert scripts() == "'<\\/script' + 1\n"
    assert scripts() == "'<\\/script' + 2\n"


def test_page_has_its_scripts_where_there_is_no_home(bundled, monkeypatch):
    """Then there is no cache either."""

    def homeless():
        raise RuntimeError("no home")

    monkeypatch.setattr(vega, "cache_folder", homeless)
    assert scripts() == "'<\\/script' + 1\n"
