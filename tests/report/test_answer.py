"""The answer in three sentences, none stronger than its evidence."""

from __future__ import annotations

from dataclasses import replace

from crawlbench.records import Cell, Failure, NoiseFloor, Verdict, WarningNote
from tests.report.sessions import EQUAL, FAST, concluded, make_comparison, make_summary, shipped
from tests.report.views import find_answer
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other


def texts(session):
    return [sentence.text for sentence in find_answer(session)]


def test_three_sentences_with_their_evidence():
    """Literal text for fixed numbers."""
    assert [(s.text, s.evidence) for s in find_answer(concluded())] == [
        (
            "On net 1 of 3 is faster than base, 1 is the same and 1 is invalid: fast on uvloop "
            "takes 0.500 of its time (0.490 to 0.510).",
            "ratios",
        ),
        (
            "Time goes to waiting (75 %), the parser (10 %), client and event loop (10 %) and the "
            "system (5 %) for fast on uvloop on net.",
            "phases",
        ),
        ("A difference counts only beyond 1.4 % on net; 1 invalid cell must be read.", "doubts"),
    ]


def test_who_cannot_be_told_from_the_best_is_named():
    """One by name, several by number."""
    near = make_comparison(EQUAL, -0.69, Verdict.FASTER)
    session = concluded(comparisons=(make_comparison(FAST, -0.7), near))
    assert texts(session)[0].endswith(", and the interval of equal on asyncio overlaps.")
    third = other("third")
    session = concluded(
        plan=make_plan(FAST, EQUAL, third),
        summaries=(*concluded().summaries, make_summary(third, 0.25)),
        comparisons=(make_comparison(FAST, -0.7), near, make_comparison(third, -0.69)),
    )
    assert texts(session)[0].endswith(", and the intervals of 2 others overlap.")


def test_unclear_and_invalid_cells_are_never_the_best():
    """However fast they look."""
    unclear = make_comparison(FAST, -2.0, Verdict.UNCLEAR, reason="x")
    session = concluded(comparisons=(unclear, make_comparison(EQUAL, 0.3, Verdict.SLOWER)))
    assert texts(session)[0].startswith("On net 1 of 2 is slower than base and 1 is unclear: equal")
    only = concluded(comparisons=(unclear,))
    assert texts(only)[0] == "On net 1 of 1 is unclear against base."


def test_group_that_refuses_says_why_and_nothing_else():
    """No verdict, no ratio."""
    floor = NoiseFloor("site/net", 9, 0.1, 0.09, 0.11, 0.11, refusal="the machine was unsteady")
    first, *_, last = texts(concluded(noise=(floor,)))
    assert first == "On net nothing is judged: the machine was unsteady."
    assert last.startswith("1 of 1 controls gave no usable margin")


def test_pairs_that_differ_by_event_loop_alone_are_counted():
    """Overlap is all that is said of them: they were not compared with each other."""
    fast, slow = other("x", "asyncio"), other("x", "uvloop")
    session = concluded(
        plan=make_plan(fast, slow),
        summaries=tuple(make_summary(c) for c in (BASELINE, fast, slow, CONTROL)),
        comparisons=(make_comparison(fast, -0.50), make_comparison(slow, -0.51)),
        failures=(),
    )
    assert texts(session)[1].endswith(
        "; in 1 of 1 pairs that differ by event loop alone the intervals overlap."
    )
    apart = replace(
        session, comparisons=(make_comparison(fast, -0.50), make_comparison(slow, -0.9))
    )
    assert texts(apart)[1].endswith(
        "in 0 of 1 pairs that differ by event loop alone the intervals overlap."
    )


def test_session_without_values_has_no_answer():
    """And says only that."""
    session = make_session(make_plan(), [], failures=[Failure(BASELINE.name, 0, "crashed")])
    assert texts(session) == [
        "No cell has a valid value, so there is no answer.",
        "1 invalid cell must be read.",
    ]


def test_one_cell_has_nothing_to_be_compared_with():
    """Its time is told."""
    session = concluded(
        plan=make_plan(), summaries=(make_summary(BASELINE),), comparisons=(), failures=()
    )
    assert texts(session)[0] == "On net there is nothing to compare; a crawl took 500.0 ms."


def test_many_groups_are_summed_up():
    """Four networks are no sentence."""
    text = texts(shipped(networks=("a", "b", "c", "d")))[0]
    assert text == "Over 4 sites and networks 20 of 20 are faster than their baselines."


def test_words_of_strangers_are_shown_as_escapes():
    """Marks that turn the direction of writing turn nothing."""
    cell = Cell("site", "net", "a\u202eb", None, "lxml", 10)
    session = concluded(
        plan=make_plan(cell),
        summaries=(make_summary(BASELINE), make_summary(cell), make_summary(CONTROL)),
        comparisons=(make_comparison(cell),),
        warnings=(WarningNote("x", "y"),),
    )
    assert r"a\u202eb takes" in texts(session)[0]
