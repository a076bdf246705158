"""The search through many environments: what is measured, and what is left out."""

from __future__ import annotations

import pytest

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.records import Cell, Environment, Failure, LongForm, Quantity
from crawlbench.environments.bisection import bisect
from crawlbench.report.bisection import bisection_sentence, bisection_table
from crawlbench.stats.judge import judge
from tests.stats.builders import make_plan, make_session

SECONDS = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.2, "e": 1.2}


def cell(name, *, control=False):
    return Cell("site", "net", "one", None, "lxml", 10, name, control=control, versus=True)


def measured(names, broken, *, is_refusal):
    """Return a judged session in which the broken ones fail."""
    cells = [cell(name) for name in names]
    twin = cell(names[0], control=True)
    plan = make_plan(
        cells=(*cells, twin),
        baselines={twin.group: cells[0].name},
        environments=tuple(Environment(name) for name in names),
    )
    whole = [one for one in (*cells, twin) if one.environment not in broken]
    rounds = [{c: [SECONDS[c.environment] * (1 + n / 1000)] * 2 for c in whole} for n in range(6)]
    failures = [
        Failure(c.name, 1, "raised ValueError", is_refusal=is_refusal)
        for c in cells
        if c.environment in broken
    ]
    return judge(make_session(plan, rounds, failures))


def searched(*, broken=(), unbuilt=(), is_refusal=False):
    """Search from a to e, and return what was found and which sessions were measured."""
    sessions = []

    def measure(environments, group):
        names = [environment.name for environment in environments]
        for name in names:
            if name in unbuilt:
                raise EnvironmentFailure(f"environment {name!r} cannot be built")
        sessions.append("".join(names))
        return measured(names, broken, is_refusal=is_refusal)

    return bisect([Environment(name) for name in SECONDS], measure), sessions


def test_change_is_found_between_neighbours():
    found, sessions = searched()
    assert (found.before, found.after, found.code) == ("c", "d", 0)
    assert sessions == ["ae", "ace", "ade"]


@pytest.mark.parametrize("is_refusal", [False, True])
def test_middle_that_breaks_is_left_out_with_its_reason(is_refusal):
    found, sessions = searched(broken="c", is_refusal=is_refusal)
    assert (found.before, found.after, found.code) == ("b", "d", 0)
    what = "not supported" if is_refusal else "invalid"
    assert found.skipped == {"c": f"c is {what}: raised ValueError"}
    assert f"1 could not be used: c is {what}: raised ValueError." in bisection_sentence(found)
    assert sessions[:2] == ["ae", "ace"]


def test_middle_that_cannot_be_built_costs_no_session():
    found, sessions = searched(unbuilt="c")
    assert (found.before, found.after, found.code) == ("b", "d", 0)
    assert found.skipped == {"c": "environment 'c' cannot be built"}
    assert all("c" not in names for names in sessions)
    assert sessions[0] == "ae"
    assert len(sessions) == 3


def test_end_that_cannot_be_built_is_raised():
    with pytest.raises(EnvironmentFailure, match="environment 'e' cannot be built"):
        searched(unbuilt="e")


def test_middle_is_not_blamed_where_the_ends_fail():
    """Else every middle would be left out, a session each."""
    count = 0

    def measure(environments, group):
        nonlocal count
        count += 1
        names = [environment.name for environment in environments]
        return measured(names, "" if count == 1 else "a", is_refusal=False)

    found = bisect([Environment(name) for name in SECONDS], measure)
    assert (count, found.code, found.skipped) == (2, 3, {})


FORM = LongForm("long", 100, 10)
LENGTHS = {"long": 100, "middle": 30, "site": 10}


def searched_by_length(costs, form=FORM):
    """Search from a to e, of which each has its costs to begin and per page.

    Args:
        costs: environment to seconds to begin and seconds of a crawl's next pages, by length.
        form: of the group.
    """

    def seconds(one):
        begin_s, page_s = costs[one.environment]
        pages_s = page_s if isinstance(page_s, dict) else dict.fromkeys(LENGTHS, page_s)
        return begin_s + LENGTHS[one.site] * pages_s[one.site]

    def measure(environments, group):
        names = [environment.name for environment in environments]
        own = [*(cell(name) for name in names), cell(names[0], control=True)]
        cells = [*own, *(one.lengthened(site) for one in own for site in form.sites)]
        plan = make_plan(
            cells=tuple(cells),
            baselines={own[0].group: own[0].name},
            environments=tuple(environments),
            long_forms={own[0].group: form},
        )
        rounds = [{one: [seconds(one) * (1 + n / 1000)] * 2 for one in cells} for n in range(6)]
        return judge(make_session(plan, rounds))

    return bisect([Environment(name) for name in costs], measure)


def test_page_that_became_dearer_is_found_where_whole_crawls_hide_it():
    """A tenth of a page is less than a hundredth of a crawl that takes long to begin."""
    found = searched_by_length({n: (1.0, 0.011 if n >= "d" else 0.010) for n in SECONDS})
    assert (found.before, found.after, found.code) == ("c", "d", 0)
    assert found.whole.quantity is Quantity.PAGE
    assert bisection_sentence(found).startswith(
        "The time per page of one/-/lxml/c10/net/site/@e changed to 1.100 of what it was (1.100 to "
    )
    assert bisection_table(found).title == "against a, time per page"


def test_beginning_that_became_dearer_is_followed_by_whole_crawls():
    """Pages cost what they did: the time per page is the same, and leads nowhere."""
    found = searched_by_length({n: (1.2 if n >= "d" else 1.0, 0.010) for n in SECONDS})
    assert (found.before, found.after, found.code) == ("c", "d", 0)
    assert found.whole.quantity is Quantity.TIME
    assert "The time of one/-/lxml/c10/net/site/@e changed" in bisection_sentence(found)
    assert bisection_table(found).title == "against a"


def test_nothing_changed_by_either_length():
    found = searched_by_length(dict.fromkeys(SECONDS, (1.0, 0.010)))
    assert (found.after, found.code, found.steps) == ("", 0, ())
    sentence = bisection_sentence(found)
    assert sentence.startswith("From a to e nothing is known to have changed: ")
    assert " is same, at 1.000 of what it was (" in sentence


def test_pages_that_take_no_time_leave_the_search_to_whole_crawls():
    """Without a cost per page there is nothing that more rounds would settle."""
    found = searched_by_length(dict.fromkeys(SECONDS, (1.0, 0.0)))
    assert (found.whole.quantity, found.code) == (Quantity.TIME, 0)


def test_middle_whose_pages_lie_on_no_line_is_left_out():
    """Its neighbours are asked instead; whole crawls of the ends are alike."""
    costs = {n: (1.0, 0.011 if n >= "d" else 0.010) for n in SECONDS}
    costs["c"] = (1.0, {"site": 0.010, "middle": 0.030, "long": 0.010})
    found = searched_by_length(costs, LongForm("long", 100, 10, "middle", 30))
    assert (found.before, found.after, found.code) == ("b", "d", 0)
    assert found.skipped == {"c": "c has no time per page that could be compared"}
