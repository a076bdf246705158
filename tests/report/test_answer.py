"""The answer: a sentence per scenario, none stronger than its evidence."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from textwrap import wrap

import pytest
from rich.console import Console

from crawlbench.base.records import (
    Cell,
    Doubt,
    DoubtSize,
    Failure,
    Obstacle,
    Quantity,
    RoundRecord,
    Verdict,
    WarningNote,
)
from crawlbench.measure.store import load_session
from crawlbench.report.answer import find_answer as answer_of
from crawlbench.report.headline import find_figures
from crawlbench.report.terminal import render_terminal
from crawlbench.report.view import SessionView
from crawlbench.stats.judge import judge
from crawlbench.stats.limit import REFERENCE
from tests.report.sessions import EQUAL, FAST, concluded, make_comparison, make_summary, shipped
from tests.report.views import find_answer
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other
from tests.stats.lengths import make_two_lengths


def texts(session):
    return [sentence.text for sentence in find_answer(session)]


RAW, THIRD = other(REFERENCE), other("third")


def test_scenario_has_a_sentence_and_what_must_be_read_another():
    """Literal text for fixed numbers."""
    assert [(s.text, s.evidence) for s in find_answer(concluded())] == [
        (
            "On net, fast on uvloop is 2.0 times as fast as base; equal on asyncio takes "
            "2.0 times as long.",
            "ratios",
        ),
        ("1 invalid cell needs your attention.", "doubts"),
    ]


def three(between):
    """Return a session of three cells that differ so: FAST, THIRD behind it by a comparison."""
    return concluded(
        plan=make_plan(FAST, THIRD),
        summaries=tuple(
            make_summary(c, t)
            for c, t in ((BASELINE, 0.5), (FAST, 0.25), (THIRD, 0.26), (CONTROL, 0.5))
        ),
        comparisons=(make_comparison(FAST, -0.69), make_comparison(THIRD, -0.65), between),
        failures=(),
    )


def test_who_is_the_same_as_the_best_is_named_with_it():
    """By the pair's own verdict, never by intervals that overlap."""
    same = make_comparison(THIRD, 0.004, Verdict.SAME, width=0.002, other_cell=FAST)
    assert texts(three(same))[0] == (
        "On net, fast on uvloop and third are 1.9 to 2.0 times as fast as base."
    )


def test_gain_is_told_of_those_who_gain():
    """What is the same as the best may be the same as the baseline, too: it lies in between."""
    same = make_comparison(THIRD, 0.02, Verdict.SAME, other_cell=FAST)
    between = make_comparison(THIRD, -0.03, Verdict.SAME)
    session = replace(three(same), comparisons=(make_comparison(FAST, -0.05), between, same))
    assert texts(session)[0] == (
        "On net, fast on uvloop takes 4.9 % less time than base, and third is the same as fast on "
        "uvloop."
    )
    (figure,) = find_figures(SessionView(session))
    assert (figure.number, figure.who) == ("4.9 %", "fast on uvloop")


def test_gain_of_several_is_a_range():
    """Each of them is faster, but not by the same."""
    same = make_comparison(THIRD, 0.02, Verdict.SAME, other_cell=FAST)
    pairs = (make_comparison(FAST, -0.07), make_comparison(THIRD, -0.05), same)
    session = replace(three(same), comparisons=pairs)
    assert texts(session)[0] == (
        "On net, fast on uvloop and third take 4.9 to 6.8 % less time than base."
    )


def test_raw_socket_is_no_crawl_to_name_where_nothing_is_compared():
    """It would say how quick the mirror is, where a strategy was asked for."""
    session = concluded(
        plan=make_plan(RAW),
        summaries=(make_summary(RAW, 0.01), make_summary(BASELINE, 0.5)),
        comparisons=(),
        failures=(),
    )
    assert texts(session)[0] == "On net, there is nothing to compare; a crawl took 500.0 ms."


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ((0.095, 0.47), "slow on either loop takes 1.1 to 1.6 times as long"),
        ((0.47, 0.47), "slow on either loop takes 1.6 times as long"),
        ((0.095, 0.2), "slow on either loop is 10 to 22 % behind"),
    ],
)
def test_two_loops_are_behind_by_two_sizes(sizes, told):
    """What is true of the slower one alone is not said of both."""
    slow = [other("slow", loop) for loop in ("asyncio", "uvloop")]
    found = [make_comparison(FAST, -0.69)]
    for cell, size in zip(slow, sizes, strict=True):
        found.append(make_comparison(cell, size - 0.69, Verdict.FASTER))
        found.append(make_comparison(cell, size, Verdict.SLOWER, other_cell=FAST))
    times = ((BASELINE, 0.5), (FAST, 0.25), (slow[0], 0.3), (slow[1], 0.3), (CONTROL, 0.5))
    session = concluded(
        plan=make_plan(FAST, *slow),
        summaries=tuple(make_summary(cell, time) for cell, time in times),
        comparisons=tuple(found),
        failures=(),
    )
    assert told in texts(session)[0]


def test_who_is_not_settled_against_the_best_is_named_with_the_size():
    found = make_comparison(
        THIRD, 0.01, Verdict.UNCLEAR, obstacle=Obstacle.OPEN, other_cell=FAST, more_rounds=7
    )
    first, second = texts(three(found))
    assert "not settled against the best: third (up to 3.0 %)" in first
    assert second.startswith("1 of 3 pairs is not settled: about 7 more rounds")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            (7, 99_999),
            "about 7 more rounds, 2 min, would settle 1: ",
        ),
        ((99_999, 99_999), r"2 would take more than 12 hours\."),
        ((7, 500), r"about 7 more rounds, 2 min, would settle 1: .*; 1 other would take 2\.8 h\."),
        (
            (400, 500),
            r"about 400 more rounds, 2\.2 h, would settle 1: .*; 1 other would take 2\.8 h",
        ),
        ((7, 8), "about 8 more rounds, 3 min, would settle them: "),
    ],
)
def test_nobody_is_asked_to_wait_for_days(more, told):
    """What an hour can settle has its command, or else what is settled first, with the rest."""
    settled, left = make_comparison(FAST, -0.69), []
    for (head, base), rounds in zip(((THIRD, FAST), (THIRD, BASELINE)), more, strict=True):
        pair = make_comparison(head, 0.01, Verdict.UNCLEAR, obstacle=Obstacle.OPEN, other_cell=base)
        left.append(replace(pair, more_rounds=rounds))
    rounds = (RoundRecord(1, "2026-11-29T00:00:00+00:00", 20.0, ()),)
    session = replace(three(left[0]), comparisons=(settled, left[1], left[0]), rounds=rounds)
    assert re.match(f"2 of 3 pairs are not settled: {told}", texts(session)[1])


def test_unclear_cells_are_never_the_best_and_base_is_named():
    """However fast they look."""
    unclear = make_comparison(FAST, -0.01, Verdict.UNCLEAR, obstacle=Obstacle.OPEN)
    session = concluded(
        comparisons=(unclear, make_comparison(EQUAL, 0.3, Verdict.SLOWER)), failures=()
    )
    assert "is not settled against base" in texts(session)[0]


def test_pairs_that_differ_by_event_loop_alone_have_their_own_sentence():
    """They were compared with each other."""
    fast, slow = other("x", "asyncio"), other("x", "uvloop")
    same = make_comparison(slow, -0.002, Verdict.SAME, width=0.003, other_cell=fast)
    session = concluded(
        plan=make_plan(fast, slow),
        summaries=tuple(make_summary(c) for c in (BASELINE, fast, slow, CONTROL)),
        comparisons=(make_comparison(fast, -0.50), make_comparison(slow, -0.51), same),
        failures=(),
    )
    assert "uvloop against asyncio: the same in 1 of 1 pair." in texts(session)


@pytest.mark.parametrize(
    ("log_ratio", "verdict", "told"),
    [
        (math.log(0.7), Verdict.FASTER, "faster in 1 of 1 pair (30 % less time)"),
        (math.log(0.5), Verdict.FASTER, "faster in 1 of 1 pair (2.0 times as fast)"),
        (math.log(1.43), Verdict.SLOWER, "slower in 1 of 1 pair (by 43 %)"),
    ],
)
def test_event_loop_gains_what_the_sentence_before_says(log_ratio, verdict, told):
    """What takes 30 % less time is not "faster by 43 %"."""
    stock, fast = other("x", "asyncio"), other("x", "uvloop")
    pair = make_comparison(fast, log_ratio, verdict, other_cell=stock)
    session = concluded(
        plan=make_plan(stock, fast),
        summaries=tuple(make_summary(c) for c in (BASELINE, stock, fast, CONTROL)),
        comparisons=(make_comparison(stock, -0.1), make_comparison(fast, -0.4), pair),
        failures=(),
    )
    assert f"uvloop against asyncio: {told}." in texts(session)


def test_best_known_of_unsettled_loop_pairs_is_named():
    """The widest interval alone would hide how close the other pair is already known to be."""
    cells = [other(name, loop) for name in ("x", "y") for loop in ("asyncio", "uvloop")]
    pairs = [
        make_comparison(
            cells[at + 1],
            -0.002,
            Verdict.UNCLEAR,
            width=width,
            obstacle=Obstacle.OPEN,
            other_cell=cells[at],
        )
        for at, width in ((0, 0.08), (2, 0.013))
    ]
    session = concluded(
        plan=make_plan(*cells),
        summaries=tuple(make_summary(c) for c in (BASELINE, *cells, CONTROL)),
        comparisons=(*(make_comparison(c, -0.5) for c in cells), *pairs),
        failures=(),
    )
    told = "not settled in 2 of 2 pairs (up to 8.5 %; y on net up to 1.5 %)."
    assert f"uvloop against asyncio: {told}" in texts(session)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"networks": ("a", "b", "c")},
        {"networks": ("a", "b", "c", "d", "e"), "concurrency": (1, 10, 50)},
        {"spread": 0.3, "rounds": 2},
        {"spread": 0.02, "rounds": 3},
    ],
    ids=["two", "three", "many", "wild", "restless"],
)
def test_last_screen_of_80_by_24_holds_the_whole_answer(settings):
    """Twelve lines at the most, with the two that the command line puts below."""
    console = Console(width=80, height=24, color_system=None, highlight=False)
    view = SessionView(shipped(**settings), "results/2026-11-28T130000Z-default")
    with console.capture() as capture:
        console.print(render_terminal(view, 80))
    screen = [line.rstrip() for line in capture.get().splitlines()][-22:]
    assert "" in screen[-11:], "what is above the answer is parted from it"
    answer = screen[len(screen) - screen[::-1].index("") :]
    assert " ".join(answer) == " ".join(s.text for s in answer_of(view))


LEAD = r"On loopback, per page, aiohttp-gather on \w+ takes \d+ % less time than [a-z-]+: "
FORMS = (
    rf"{LEAD}[\d.]+ ms, [\d.]+ ms of it parsing, against .+; to begin, .+ against .+\.",
    rf"{LEAD}[\d.]+ ms against [\d.]+ ms; to begin, .+ against .+\.",
    rf"{LEAD}[\d.]+ ms against [\d.]+ ms\.",
    r"Over 2 sites and networks, \d of 10 are faster",
)
"""How the answer begins, from the longest form to the shortest."""


def test_answer_keeps_who_is_best_as_long_as_it_fits(monkeypatch):
    """Parsing is told as long as it fits, where it is most of a page; who is best goes last."""
    root = Path(__file__).resolve().parents[2]
    view = SessionView(judge(load_session(root / "results" / "default")))
    found = []
    for lines in range(14, 3, -1):
        monkeypatch.setattr("crawlbench.report.answer.MAX_LINES", lines)
        sentences = answer_of(view)
        found.append(next(n for n, form in enumerate(FORMS) if re.match(form, sentences[0].text)))
        assert sum(len(wrap(one.text, 80)) for one in sentences) <= max(lines, 6)
    assert (found[0], found[-1]) == (0, len(FORMS) - 1)
    assert found == sorted(found)
    assert len(set(found)) > 2, "it loses parts before it loses who is best"


def crowded(count=6):
    """Return a session of two lengths in which many are the same as the best, and many open."""
    ways = [other(f"a-client-of-a-long-name-{number}", "uvloop") for number in range(count)]
    times = {BASELINE: (0.02, 0.0400), **dict.fromkeys(ways, (0.02, 0.01))}
    session = make_two_lengths(times, count=4)
    doubt = DoubtSize(Doubt.SERVER_WAIT, 0.21, 0.0, 0.2)
    pairs = tuple(
        make_comparison(
            *(head, -0.002, Verdict.UNCLEAR),
            other_cell=base,
            obstacle=Obstacle.DOUBT,
            detail=Doubt.SERVER_WAIT,
            doubts=(doubt,),
            quantity=Quantity.PAGE,
            more_rounds=70,
        )
        for head, base in combinations(ways, 2)
    )
    judged = judge(session)
    known = {(one.cell, one.baseline) for one in pairs}
    kept = [one for one in judged.comparisons if (one.cell, one.baseline) not in known]
    return replace(judged, comparisons=(*pairs, *kept))


def test_long_lists_are_cut_before_a_number_goes(monkeypatch):
    """Who is best keeps what a page costs; a command is named that shows the pairs' reasons."""
    monkeypatch.setattr("crawlbench.report.answer.MAX_LINES", 8)
    view = SessionView(crowded(), f"results/{'a-long-name-of-a-folder-' * 3}")
    sentences = [sentence.text for sentence in answer_of(view)]
    assert sum(len(wrap(sentence, 80)) for sentence in sentences) <= 8
    assert re.search(
        r" and [45] more are .* times as fast as base: 10\.\d* ms.* against 40\.\d* ms",
        sentences[0],
    )
    (unsettled,) = (sentence for sentence in sentences if "not settled:" in sentence)
    assert "crawlbench run --resume results/" in unsettled
    assert "something else used" not in unsettled
    assert "why, pair by pair: crawlbench report -v results/" in unsettled


def test_session_of_one_round_names_the_command_that_gives_intervals():
    """It was cut short by its budget, perhaps; and no pair says how many rounds it needs."""
    sentences = texts(shipped(rounds=1))
    (unsettled,) = (sentence for sentence in sentences if "not settled:" in sentence)
    assert "would give them intervals: crawlbench run --resume DIR --rounds 5" in unsettled


@pytest.mark.parametrize("ending", ["interrupted", "mirror", ""])
@pytest.mark.parametrize("rounds", [0, 1])
def test_session_that_was_cut_off_continues_to_its_own_end(rounds, ending):
    """Five rounds would be fewer than it was to have; and without any, one look is still enough."""
    session = replace(shipped(rounds=rounds), ending=ending)
    session = replace(session, plan=replace(session.plan, rounds=10))
    told = " ".join(texts(judge(session)))
    assert "the rest of the session would give them intervals: crawlbench run --resume DIR" in told
    assert "--rounds" not in told
    short = replace(session, plan=replace(session.plan, rounds=4))
    assert "crawlbench run --resume DIR --rounds 5" in " ".join(texts(judge(short)))


def test_session_without_values_has_no_answer():
    """And says only that."""
    session = make_session(make_plan(), [], failures=[Failure(BASELINE.name, 0, "crashed")])
    assert texts(session) == [
        "No cell has a valid value, so there is no answer.",
        "1 invalid cell needs your attention.",
    ]


def test_one_cell_has_nothing_to_be_compared_with():
    """Its time is told."""
    session = concluded(
        plan=make_plan(), summaries=(make_summary(BASELINE),), comparisons=(), failures=()
    )
    assert texts(session)[0] == "On net, there is nothing to compare; a crawl took 500.0 ms."


def test_words_of_strangers_are_shown_as_escapes():
    """Marks that turn the direction of writing turn nothing."""
    cell = Cell("site", "net", "a\u202eb", None, "lxml", 10)
    session = concluded(
        plan=make_plan(cell),
        summaries=(make_summary(BASELINE), make_summary(cell), make_summary(CONTROL)),
        comparisons=(make_comparison(cell),),
        warnings=(WarningNote("x", "y"),),
    )
    assert r"a\u202eb" in texts(session)[0]
