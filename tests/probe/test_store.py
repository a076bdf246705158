"""A probe's report in a session's folder, and as rows."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from tests.probe.reports import early, finding, report

from crawlbench.base.errors import SessionFileError, StorageError
from crawlbench.probe import Support
from crawlbench.probe.catalogue import all_tries, names_of_themes
from crawlbench.probe.store import PROBE_FILE, encode_report, load_report, write_report
from crawlbench.probe.tables import all_rows, count_rows, lacking_rows, reason_rows
from crawlbench.report.theme import SUPPORT


def test_report_is_read_as_it_was_written(tmp_path):
    """Whole, and nothing else is left in the folder."""
    write_report(report(), tmp_path / PROBE_FILE)
    assert load_report(tmp_path) == report()
    assert [path.name for path in tmp_path.iterdir()] == [PROBE_FILE]


def test_report_that_was_ended_early_is_read_as_it_was_written(tmp_path):
    """Its loops were not asked the same, and nobody calls that broken or a fault of theirs."""
    write_report(early(), tmp_path / PROBE_FILE)
    assert load_report(tmp_path) == early()
    assert lacking_rows(early()) == (
        ("callbacks", "call-soon", "works", "wrong"),
        ("callbacks", "gather", "not tried", "hangs"),
    )


def test_report_of_an_older_version_is_whole(tmp_path):
    """It counts nothing that is missing."""
    text = encode_report(report()).replace(',\n "missing": 0', "")
    assert "missing" not in text
    (tmp_path / PROBE_FILE).write_text(text, encoding="utf-8")
    assert load_report(tmp_path) == report()


def test_file_is_what_the_command_prints():
    """So that `crawlbench probe --json` can fill a folder."""
    assert json.loads(encode_report(report())) == json.loads(json.dumps(asdict(report())))


def test_folder_without_a_report_has_none(tmp_path):
    assert load_report(tmp_path) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (b"\xff{", "cannot be read"),
        (b'{"date": "today"}', "missing required field"),
        (
            encode_report(replace(report(), findings=report().findings[1:])).encode(),
            "the probes of 'odd<b>' differ from those of 'asyncio'",
        ),
        (
            encode_report(report()).replace('"hangs"', '"sleeps"').encode(),
            "Invalid enum value 'sleeps'",
        ),
    ],
)
def test_file_that_is_no_report_is_one_sentence(tmp_path, content, words):
    """Cut off, edited by hand, or of something else."""
    (tmp_path / PROBE_FILE).write_bytes(content)
    with pytest.raises(SessionFileError, match=words):
        load_report(tmp_path)


def test_folder_that_is_gone_is_one_sentence(tmp_path):
    with pytest.raises(StorageError, match=PROBE_FILE):
        write_report(report(), tmp_path / "gone" / PROBE_FILE)


def test_rows_count_and_name_what_does_not_work():
    """What this Python lacks is no loop's fault; a loop that is absent has no column."""
    assert count_rows(report()) == (
        ("asyncio", "2", "0", "0", "0", "0", "1"),
        ("odd<b>", "0", "0", "1", "0", "1", "1"),
    )
    assert lacking_rows(report()) == (
        ("callbacks", "call-soon", "works", "wrong"),
        ("callbacks", "gather", "works", "hangs"),
    )
    assert all_rows(report())[-1] == ("tasks", "eager", "not here", "not here")
    assert [how for how, _ in reason_rows(report())] == ["hangs", "wrong", "not here"]


def test_report_without_loops_has_no_rows():
    empty = replace(report(), loops=report().loops[2:], findings=())
    assert (count_rows(empty), all_rows(empty), reason_rows(empty)) == ((), (), ())


def test_each_way_to_do_has_a_colour():
    """Rooms of one floor do not know each other, so this is held here."""
    assert list(SUPPORT) == [str(support) for support in Support]
    assert finding("asyncio", "x").support in Support


def test_features_are_tried_whatever_the_themes():
    """Operations of other themes are not: they take their time."""
    few, more = names_of_themes(()), names_of_themes({"tcp"})
    assert "starts" in few
    assert set(few) < set(more) < {o.name for o in all_tries()}
    assert all(find.theme == "tcp" for find in all_tries() if find.name in set(more) - set(few))
