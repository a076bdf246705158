"""The table of everything, and by what it is sorted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.report.full_table import sort_key
from crawlbench.stats.judge import judge
from tests.report.sessions import shipped
from tests.report.views import everything_table, group_tables
from tests.stats.builders import BASELINE, make_plan, make_session
from tests.stats.lengths import make_two_lengths


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("250.0 ms", 0.25),
        ("120 µs", 120e-6),
        ("1.20 s", 1.2),
        ("3 ns", 3e-9),
        ("40.0 MiB", 40 * 2**20),
        ("1.5 GiB", 1.5 * 2**30),
        ("0.5 KiB", 512),
        ("83 %", 83),
        ("0.490 to 0.510", 0.49),
        ("0.84 faster", 0.84),
        ("under 2.1 ms", 0.0021),
        ("under 120 µs", 120e-6),
        ("-12.10 ms", -0.0121),
        ("+2.0 %", 2),
        ("over 99900 %", 99900),
        ("+3.4 ms", 0.0034),
        ("-1.2 to +3.4 ms", -0.0012),
        ("+500 to +900 µs", 500e-6),
        ("20.0 ms, 40.1 ms, 65.1 ms", None),
        ("no line", None),
        ("1", 1),
        ("1e+03", 1000),
        ("-", None),
        ("too wide", None),
        ("", None),
    ],
)
def test_shown_number_is_what_sorts(text, key):
    """In its base unit; what shows no number has no key."""
    assert sort_key(text) == (None if key is None else pytest.approx(key))


def test_every_number_of_a_session_has_a_key():
    """No unit is forgotten."""
    lengths = judge(make_two_lengths({BASELINE: (0.0, 0.001)}, spread=0.02))
    slow = tuple(replace(one, excess=0.02) for one in lengths.summaries)
    assert "under" in str(everything_table(lengths).rows)
    for session in (shipped(), replace(lengths, summaries=slow)):
        table = everything_table(session)
        for row in table.rows:
            for column, text in zip(table.columns, row, strict=True):
                if column.is_number and text != "-":
                    assert sort_key(text) is not None, text


def test_rows_are_those_of_the_groups():
    """In their order, whole."""
    session = shipped()
    rows = [row for table in group_tables(session) for row in table.rows]
    assert list(everything_table(session).rows) == rows


def test_site_is_a_column_where_there_are_several():
    """Else it would say the same in each row."""
    elsewhere = replace(BASELINE, site="elsewhere")
    plan = make_plan(
        cells=(BASELINE, elsewhere),
        baselines={c.group: c.name for c in (BASELINE, elsewhere)},
    )
    table = everything_table(make_session(plan, []))
    assert [column.header for column in table.columns[1:4]] == ["loop", "site", "network"]
    assert [row[2] for row in table.rows] == ["site", "elsewhere"]
