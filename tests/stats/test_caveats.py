"""Each caveat with its remedy, and none where there is nothing to say."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from crawlbench.base.records import Conditions, SlotEffect
from crawlbench.stats.caveats import condition_caveats, find_caveats
from crawlbench.stats.judge import judge
from tests.stats.builders import BASELINE, CONTROL, MACHINE, make_plan, make_session, other

QUIET = Conditions(load=0.1, busy=(), governor="performance", turbo=False, steal_share=0.0)
UNKNOWN = Conditions(load=None, busy=(), governor=None, turbo=None, steal_share=None)


def doubts(machine=MACHINE, **changes):
    """Return topics and texts of a quiet machine with changes."""
    found = condition_caveats(machine, replace(QUIET, **changes))
    return [(doubt.topic, doubt.text) for doubt in found]


def session(rounds=5, **changes):
    """Return a session of so many rounds."""
    return make_session(make_plan(), [{BASELINE: [1.0], CONTROL: [1.0]}] * rounds, **changes)


def test_quiet_machine_raises_no_doubt():
    """Nor does one that does not tell."""
    assert doubts() == []
    assert condition_caveats(MACHINE, UNKNOWN) == []
    assert find_caveats(session(conditions=QUIET), 5) == []


@pytest.mark.parametrize(
    ("changes", "topic", "text"),
    [
        (
            {"busy": ("make, pid 7 (99 % of a CPU)", "pid 8 (20 % of a CPU)")},
            "busy",
            "other processes use the CPUs: make, pid 7 (99 % of a CPU), pid 8 (20 % of a CPU); "
            "end them first",
        ),
        (
            {"load": 1.21},
            "load",
            "the load was 1.21 in the minute before; wait until it falls below 1.20",
        ),
        (
            {"load": 3.0},
            "load",
            "the load was 3.0 in the minute before; wait until it falls below 1.2",
        ),
        (
            {"governor": "powersave"},
            "governor",
            "the clock's governor is 'powersave', which changes the clock with the load; "
            "try: python -m pyperf system tune",
        ),
        (
            {"turbo": True},
            "turbo",
            "turbo is on: the clock rises until the chip is warm; "
            "try: python -m pyperf system tune",
        ),
        (
            {"steal_share": 0.025},
            "steal",
            "the hypervisor gave 2.5 % of the CPU time to others; "
            "measure when it is less busy, or on a machine of its own",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_condition_that_may_disturb_is_told_with_a_remedy(changes, topic, text):
    """One doubt for one cause."""
    assert doubts(**changes) == [(topic, text)]


@pytest.mark.parametrize("changes", [{"load": 1.2}, {"steal_share": 0.01}])
def test_what_is_at_its_border_is_no_doubt(changes):
    """A load of 0.3 per CPU, a hundredth of the CPU time."""
    assert doubts(**changes) == []


def test_load_before_a_session_is_not_told_if_the_workers_had_their_cpus():
    """It was perhaps that of the set-up; what disturbs a session shows in its values."""
    told = session(conditions=replace(QUIET, load=9.0))
    assert [doubt.topic for doubt in find_caveats(told, 5)] == ["load"]

    def told_of(starved):
        summaries = [replace(one, starved_share=starved) for one in judge(told).summaries]
        return [one.topic for one in find_caveats(replace(told, summaries=tuple(summaries)), 5)]

    assert told_of(0.02) == []
    assert told_of(0.05) == ["load"]


def test_load_is_not_told_beside_the_processes_that_make_it():
    """Their names say more."""
    assert [topic for topic, _ in doubts(load=9.0, busy=("make",))] == ["busy"]


@pytest.mark.parametrize(
    ("cpus", "text"),
    [
        (
            {"worker_cpus": (0,), "mirror_cpus": (0,)},
            "there is one CPU for the mirror and the workers: they slow each other down; "
            "use a machine with two or more",
        ),
        (
            {"worker_cpus": (), "mirror_cpus": ()},
            "this system does not let us choose CPUs: the mirror and the workers may share one",
        ),
    ],
)
def test_mirror_without_a_cpu_of_its_own_is_told(cpus, text):
    """Whether there is none or we cannot choose it."""
    assert doubts(replace(MACHINE, **cpus)) == [("cpu", text)]


@pytest.mark.parametrize(
    ("rounds", "start"),
    [
        (1, "the intervals rest on only 1 round; --rounds 5 or more"),
        (4, "the intervals rest on only 4 rounds; --rounds 5 or more"),
    ],
)
def test_few_rounds_are_told(rounds, start):
    """Not before the first: then nothing rests on them."""
    (doubt,) = find_caveats(session(rounds), 5)
    assert doubt.topic == "rounds"
    assert doubt.text.startswith(start)
    assert find_caveats(session(0), 5) == []


def test_parser_in_pure_python_is_told_with_its_cells():
    """The compiled one is no doubt."""
    parsers = {
        "a": "aiohttp._http_parser",
        "b": "aiohttp.http_parser",
        "c": "http.client",
        "d": "aiohttp.http_parser",
    }
    (doubt,) = find_caveats(session(http_parsers=parsers), 5)
    assert doubt.topic == "parser"
    assert doubt.text == (
        "2 cells ran on aiohttp's parser in pure Python (b first); "
        "install a wheel with the compiled one, or unset AIOHTTP_NO_EXTENSIONS"
    )


def uneven(long_cells, laps=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 4.0), **changes):
    """Return a judged session of 12 rounds in which some cells have a rare long value."""
    names = (BASELINE, CONTROL, other("new"), other("newer"))
    rounds = []
    for number in range(12):
        even = [1.0 + (number + lap) % 3 / 1000 for lap in range(len(laps))]
        long = [value * factor for value, factor in zip(even, laps, strict=True)]
        rounds.append({cell: long if cell.name in long_cells else even for cell in names})
    return judge(make_session(make_plan(*names[2:], **changes), rounds))


def slow_laps(session):
    """Return what is said of rare long values."""
    return [doubt.text for doubt in find_caveats(session, 5) if doubt.topic == "slow-laps"]


NEW, NEWER = other("new").name, other("newer").name


def test_rare_long_values_are_told_with_both_ratios():
    """The verdict is of the usual lap; that one in eight takes four times as long is not hidden."""
    (text,) = slow_laps(uneven((NEW,)))
    assert text.startswith(
        f"{NEW}: in a few laps it takes far more time, relative to {BASELINE.name}"
    )
    assert text.endswith("is 1.000, that of mean times 1.375")
    (text,) = slow_laps(uneven((NEW, NEWER)))
    assert text.endswith("(and 1 more like it)")
    (text,) = slow_laps(uneven((BASELINE.name, CONTROL.name)))
    assert "it takes far less time, relative to" in text
    assert "is 1.000, that of mean times 0.727" in text


def test_rare_long_values_are_told_wherever_they_fall():
    """Each lap of one cell is three times as long with a chance of one in six."""
    draw = random.Random(1)
    rounds = [
        {
            cell: [
                math.exp(draw.gauss(0, 0.01) + (cell.name == NEW and draw.random() < 1 / 6))
                for _ in range(20)
            ]
            for cell in (BASELINE, CONTROL, other("new"))
        }
        for _ in range(10)
    ]
    (text,) = slow_laps(judge(make_session(make_plan(other("new")), rounds)))
    assert text.startswith(f"{NEW}: in a few laps it takes far more time")


def test_values_that_are_long_for_all_or_as_often_short_are_no_doubt():
    """Nor are those of an even session, nor differences within the margin."""
    everyone = (BASELINE.name, CONTROL.name, NEW, NEWER)
    assert slow_laps(uneven(everyone)) == []
    assert slow_laps(uneven((NEW,), (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.05, 1.0))) == []
    assert slow_laps(uneven((NEW,), margin=0.4)) == []
    assert slow_laps(uneven(())) == []


def test_slot_that_matters_is_told():
    """From a hundredth on that the interval excludes, in both directions."""
    slots = (
        SlotEffect("first", 5, math.log(1.03), math.log(1.02), math.log(1.04)),
        SlotEffect("last", 5, math.log(0.97), math.log(0.96), math.log(0.98)),
    )
    found = find_caveats(session(slots=slots), 5)
    assert [doubt.topic for doubt in found] == ["slot", "slot"]
    assert "in the first slot of a lap differ by 2.0 to 4.0 %" in found[0].text
    assert "in the last slot of a lap differ by -4.0 to -2.0 %" in found[1].text
    small = (SlotEffect("first", 5, 0.02, 0.009, 0.03), SlotEffect("last", 5, 0.0, -0.1, 0.1))
    assert find_caveats(session(slots=small), 5) == []


def test_session_without_a_look_at_the_machine_has_no_such_doubts():
    """A machine of one CPU may be long gone when a session is read."""
    machine = replace(MACHINE, worker_cpus=(0,), mirror_cpus=(0,))
    assert find_caveats(session(machine=machine), 5) == []
    assert [d.topic for d in find_caveats(session(machine=machine, conditions=QUIET), 5)] == ["cpu"]
