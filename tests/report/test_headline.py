"""What a page asks, and the numbers that it puts in large letters."""

from __future__ import annotations

from dataclasses import replace

from crawlbench.report.headline import find_figures, tell_question
from crawlbench.report.view import SessionView
from tests.report.test_pairs import five


def test_question_counts_the_ways_and_names_site_and_networks():
    """The control and references are none of them."""
    view = SessionView(five())
    assert tell_question(view) == "Which of 5 ways to crawl site is fastest, on net?"


def test_numbers_stand_where_the_baseline_lost():
    """With what the best takes less, as the answer says it."""
    (figure,) = find_figures(SessionView(five()))
    assert figure.place == "on net"
    assert "than baseline" in figure.words or figure.words.startswith("as fast as")


def test_nothing_is_asked_and_no_number_stands_where_nothing_was_compared():
    """One cell answers no question of which."""
    session = five()
    lonely = replace(session, summaries=(), comparisons=())
    assert find_figures(SessionView(lonely)) == ()
    alone = replace(session, plan=replace(session.plan, cells=session.plan.cells[:1]))
    assert tell_question(SessionView(alone)) == ""
