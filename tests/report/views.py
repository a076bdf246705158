"""What shows a session, called with the session itself: the view is made on the way."""

from __future__ import annotations

from functools import wraps

from crawlbench.report import (
    answer,
    environment_pairs,
    formats,
    full_table,
    markdown,
    notes,
    operations,
    results,
    session_page,
    tables,
    terminal,
)
from crawlbench.report.charts import heatmap
from crawlbench.report.view import SessionView


def _of_session(shows):
    @wraps(shows)
    def show(session, *others, **options):
        return shows(SessionView(session), *others, **options)

    return show


EXPORTS = {name: _of_session(export) for name, export in formats.EXPORTS.items()}
everything_table = _of_session(full_table.everything_table)
find_answer = _of_session(answer.find_answer)
find_notes = _of_session(notes.find_notes)
group_tables = _of_session(tables.group_tables)
heatmap_charts = _of_session(heatmap.heatmap_charts)
operation_tables = _of_session(operations.operation_tables)
render_markdown = _of_session(markdown.render_markdown)
render_terminal = _of_session(terminal.render_terminal)
results_of = _of_session(results.results_of)

make_page = _of_session(session_page.session_page)
versus_sentence = _of_session(environment_pairs.versus_sentence)
