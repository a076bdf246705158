"""Archives of many programs, encodings and kinds of damage: each right, or one true sentence."""

from __future__ import annotations

import pytest

from tests.archive.crawls import crawl
from tests.archive.generators import ARCHIVES


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_right_or_refused(workshop, tmp_path_factory, name):
    """The items of each page and where its links lead, what was left out, and why."""
    right = ARCHIVES[name]
    source = right.build(tmp_path_factory.mktemp("archive"))
    if right.refusal:
        assert right.refusal in workshop.refusal(source)
        return
    found, findings, report = crawl(workshop, source)
    assert found == {address: [title] for address, title in right.titles.items()}
    assert not findings.faults
    assert dict(report.skips.counts) == right.skips
    assert dict(report.leniencies.counts) == right.leniencies
    assert not report.unreadable.counts


def test_there_are_forty():
    """And some are refused, some cut: the table has not withered."""
    assert len(ARCHIVES) >= 40
    assert sum(bool(archive.refusal) for archive in ARCHIVES.values()) >= 8
