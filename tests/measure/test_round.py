"""The order and the failures of a round, with scripted workers in place of processes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pyperf
import pytest

from crawlbench.base.counters import Counters
from crawlbench.base.errors import CellError, CellRefusal, MirrorError
from crawlbench.base.records import Cell
from crawlbench.base.usage import Usage
from crawlbench.measure import round as round_module
from crawlbench.measure.collect import pick
from crawlbench.measure.contract import Conduct, Value
from crawlbench.measure.reading import Reading
from crawlbench.measure.round import run_round
from crawlbench.measure.schedule import RoundPlan
from crawlbench.measure.verify import expect
from crawlbench.sites.douban import SITE

EXPECTED = expect(SITE)
EDITION = {"1": "肖克申的救赎"}
OTHER = EXPECTED.edited(EDITION)
CONDUCT = Conduct(0.0, Reading(20, 500), 0.0, 0.0, [])
CELLS = tuple(Cell(SITE.name, "net", name, None, "lxml", 10) for name in ("a", "b", "c"))


def good_value(loops):
    return make_value([EXPECTED.digest] * loops)


def make_value(digests):
    used = Usage(0.2, 0.1, 0.0, 3, 1, 0.3)
    return Value(0.5, used, 0.05, 900, 1000, digests, [], "http.client", CONDUCT)


def operated(event_loops, **figures):
    """Return a value of an operation."""
    used = Usage(0.2, 0.1, 0.0, 3, 1, 0.3)
    return Value(0.5, used, None, 900, 1000, [], event_loops, "", CONDUCT, figures)


class ScriptedMirror:
    """Counts as if each cell had crawled rightly."""

    def __init__(self, events, strays=()):
        self.events = events
        self.strays = list(strays)
        self.is_dead = False
        self.altered = []
        self.shut = []

    async def begin(
        self, epoch, *, plays_network, lap=0, laps=1, trace_file=None, door="", alters=False
    ):
        self.events.append(("begin", (epoch, lap, laps)))
        self.events.append(("network", plays_network))
        self.altered.append(alters)
        if trace_file:
            self.events.append(("trace", trace_file))

    async def shut_doors(self, names=None):
        self.shut.append(names)

    async def end(self, *, has_failed=False):
        if self.is_dead:
            raise MirrorError("the mirror died")
        self.events.append(("end", None))
        counts = self.strays.pop(0) if self.strays else {}
        pages = dict.fromkeys("0123456789", 2)
        return Counters(requests=20, connections=2, used=2, pages=pages, **counts)


class ScriptedWorker:
    """Plays values, or raises in place of one."""

    def __init__(self, name, events, script):
        self.name, self.events, self.script = name, events, list(script)
        self.last = None

    async def get_ready(self):
        pass

    async def take(self):
        self.events.append(("take", self.name))
        await asyncio.sleep(0)
        step = self.script.pop(0) if self.script else good_value(2)
        if isinstance(step, Exception):
            raise step
        self.last = step
        return step

    async def show(self):
        if OTHER.digest in self.last.digests:
            return [{OTHER.digest: OTHER.rows}.get(d, EXPECTED.rows) for d in self.last.digests]
        return [EXPECTED.rows, EXPECTED.rows[1:]]

    async def finish(self):
        self.events.append(("finish", self.name))
        if self.name == "fileless":
            raise CellError("left no run")
        return pyperf.Run([0.25], collect_metadata=False)

    async def kill(self):
        self.events.append(("kill", self.name))


class ScriptedAnchor:
    """Tells the same times until it dies."""

    def __init__(self, events, lives):
        self.events, self.lives = events, lives

    async def time(self):
        self.events.append(("anchor", None))
        if not self.lives:
            raise CellError("crashed")
        self.lives -= 1
        return 0.001, 0.002

    async def kill(self):
        self.events.append(("anchor ends", None))


class ScriptedExecutor:
    """Makes scripted workers, and an anchor that is timed so often before it dies."""

    def __init__(self, events, scripts=None, lives=99):
        self.events, self.scripts, self.lives = events, scripts or {}, lives

    def name_process(self, cell):
        return cell.name

    def end_round(self):
        self.events.append(("end of round", None))

    async def start_anchor(self):
        if self.lives is None:
            raise CellError("it does not start")
        return ScriptedAnchor(self.events, self.lives)

    async def start(self, cell, loops, warmups, values):
        name = cell.strategy or cell.name
        self.events.append(("start", name))
        script = self.scripts.get(name, ())
        if isinstance(script, Exception):
            raise script
        return ScriptedWorker(name, self.events, script)


def play(
    scripts=None,
    cells=CELLS,
    mirror=None,
    events=None,
    folder=None,
    lives=99,
    on_sample=None,
    number=3,
    executor=None,
):
    """Run a round of one warmup and two laps, and return its result and what happened."""
    events = [] if events is None else events
    plan = RoundPlan(
        number=number,
        seed=1,
        cells=cells,
        loops={cell.name: 2 for cell in cells},
        warmups=1,
        laps=2,
        passes={cell.group: 1 for cell in cells},
        modules={cell.name: cell.event_loop for cell in cells},
        trace_folder=folder,
    )
    seen = []

    def see(number, sample):
        seen.append((number, sample))
        if on_sample:
            on_sample(number, sample)

    result = asyncio.run(
        run_round(
            plan,
            executor or ScriptedExecutor(events, scripts, lives),
            {cell.group: mirror or ScriptedMirror(events) for cell in cells},
            {SITE.name: EXPECTED},
            see,
        )
    )
    assert [sample for _, sample in seen] == list(result.record.samples)
    return result, events


def taken(events):
    return [name for kind, name in events if kind == "take"]


def test_all_workers_are_ready_before_the_first_value():
    """A start beside a measurement would disturb it."""
    _, events = play()
    kinds = [kind for kind, _ in events]
    assert kinds[:3] == ["start"] * 3
    assert "start" not in kinds[3:]


def test_no_worker_ends_before_the_last_value():
    """pyperf's work at a worker's end would disturb those who still measure."""
    _, events = play()
    kinds = [kind for kind, _ in events]
    assert kinds.index("finish") > len(kinds) - 1 - kinds[::-1].index("take")


def test_only_a_few_workers_start_or_end_at_once(monkeypatch):
    """Their time limits must not depend on how many others there are."""
    crowd = {"start": [0, 0], "finish": [0, 0]}

    def counted(kind, method):
        async def count(*args):
            here = crowd[kind]
            here[0] += 1
            here[1] = max(here)
            await asyncio.sleep(0)
            here[0] -= 1
            return await method(*args)

        return count

    monkeypatch.setattr(ScriptedExecutor, "start", counted("start", ScriptedExecutor.start))
    monkeypatch.setattr(ScriptedWorker, "finish", counted("finish", ScriptedWorker.finish))
    cells = tuple(replace(CELLS[0], strategy=f"s{n}") for n in range(3 * round_module.MAX_STARTING))
    result, _ = play(cells=cells)
    assert len(result.runs) == len(cells)
    assert crowd == {kind: [0, round_module.MAX_STARTING] for kind in crowd}


def test_one_worker_measures_at_a_time_between_begin_and_end():
    """Each value has the mirror's counters to itself."""
    _, events = play()
    middle = [kind for kind, _ in events if kind in ("begin", "take", "end")]
    assert middle == ["begin", "take", "end"] * 9


def test_what_is_shown_and_judged_comes_between_values():
    """The watcher is called after the mirror has ended the span, and before the next begins."""
    events = []
    play(events=events, on_sample=lambda *_: events.append(("seen", None)))
    middle = [kind for kind, _ in events if kind in ("begin", "end", "seen")]
    assert middle == ["begin", "end", "seen"] * 9


def test_warmups_do_not_wait_for_the_network():
    """They make code ready; three warmups without delays, six values with."""
    _, events = play()
    assert [plays for kind, plays in events if kind == "network"] == [False] * 3 + [True] * 6


def test_warmups_alone_are_served_another_edition():
    """What is measured is the site as it is; an operation has none."""
    mirror = ScriptedMirror([])
    play(mirror=mirror)
    assert mirror.altered == [True] * 3 + [False] * 6
    mirror = ScriptedMirror([])
    play({"lock/uvloop": [operated(["uvloop"])] * 3}, cells=OPERATED[:1], mirror=mirror)
    assert mirror.altered == [False] * 3


def test_who_keeps_what_it_found_is_told_so_but_first_what_else_is_wrong():
    """The counters explain more than a title does."""
    for counts, reason in (
        (
            {},
            "rank 1 has the title '肖克申的救赎', which an earlier crawl found, where its page now",
        ),
        ({"heads": 20}, "it asked for the head alone 20 times: bodies were kept from before"),
    ):
        counted = [{"edition": EDITION, **counts}] * 9
        result, _, _ = play_strays(counted, {"a": [make_value([OTHER.digest] * 2)]})
        assert result.failures[0].reason.startswith(reason)


def test_crawls_of_a_warmup_are_held_to_the_edition_that_they_were_served():
    """The other one, then the site as it is; who returns the same twice has kept it."""
    counted = [{"edition": EDITION, "is_altered": True}] * 3
    right = {name: [make_value([OTHER.digest, EXPECTED.digest])] for name in "ab"}
    result, _, _ = play_strays(counted, right | {"c": [make_value([OTHER.digest] * 2)]})
    (failure,) = result.failures
    assert (failure.cell, "in warmup 1" in failure.reason) == (CELLS[2].name, True)
    assert "rank 1 has the title '肖克申的救赎', which an earlier crawl found" in failure.reason


def test_cells_of_a_lap_meet_the_same_network_in_a_stratum_of_their_own():
    """The mirror is told the round, the lap, and how many laps the round has."""
    _, events = play()
    spans = [span for kind, span in events if kind == "begin"]
    assert spans[3:] == [("3", 0, 2)] * 3 + [("3", 1, 2)] * 3


def test_each_value_but_warmups_is_noted_where_the_plan_says(tmp_path):
    """In a file per cell, also of one that turns out wrong; nowhere without a folder."""
    wrong = {"b": [good_value(2), make_value(["wrong"] * 2)]}
    result, events = play(wrong, folder=tmp_path)
    noted = [path for kind, path in events if kind == "trace"]
    assert [noted.count(result.notes[cell.name]) for cell in CELLS] == [2, 1, 2]
    assert len(set(noted)) == len(result.failures) + 2 == 3
    assert play()[0].notes == {}


def test_every_lap_has_each_cell_once():
    """Warmups go through the turnstile too."""
    _, events = play()
    names = taken(events)
    assert all(sorted(names[at : at + 3]) == ["a", "b", "c"] for at in (0, 3, 6))


def test_value_is_divided_by_loops():
    """A sample is per crawl, as pyperf's values are."""
    result, _ = play()
    sample = result.record.samples[0]
    assert (sample.seconds, sample.loops, sample.cpu_user_s, sample.cpu_s) == (0.25, 2, 0.1, 0.15)
    assert (sample.requests, sample.warmup, sample.slot) == (20, True, 0)


def test_cell_that_fails_takes_part_no_further():
    """It is ended at once and named with round and lap; the others go on."""
    scripts = {"b": [good_value(2), CellError("crashed", "its traceback")]}
    result, events = play(scripts)
    (failure,) = result.failures
    assert failure.cell == CELLS[1].name
    assert failure.reason == "crashed (round 3, in lap 1)"
    assert failure.detail == "its traceback"
    assert taken(events).count("b") == 2
    assert ("kill", "b") in events
    assert ("finish", "b") not in events
    assert set(result.runs) == {CELLS[0].name, CELLS[2].name}


def test_cell_that_does_not_start_costs_itself_only():
    """The others' workers are there."""
    result, events = play({"a": CellError("no module")})
    assert [f.reason for f in result.failures] == ["no module (round 3, at its start)"]
    assert set(taken(events)) == {"b", "c"}


def test_cell_that_leaves_no_run_is_a_failure():
    """Its values were seen, but pyperf has them not."""
    cells = (*CELLS, Cell(SITE.name, "net", "fileless", None, "lxml", 10))
    result, _ = play(cells=cells)
    assert [f.reason for f in result.failures] == ["left no run (round 3, at its end)"]


def test_wrong_answer_is_shown_and_its_first_difference_named():
    """The worker is asked for what it crawled only when the digest is wrong."""
    wrong = make_value([EXPECTED.digest, "other"])
    result, _ = play({"c": [wrong]})
    assert result.failures[0].reason == (
        "wrong answer: 249 items instead of 250: rank 1 (肖申克的救赎) is missing "
        "(round 3, in warmup 1)"
    )


def test_dead_mirror_ends_the_round_and_every_worker():
    """Whatever befell the worker, the mirror's death is the reason."""
    events = []
    mirror = ScriptedMirror(events)
    mirror.is_dead = True
    with pytest.raises(MirrorError):
        play({"a": [CellError("refused")]}, mirror=mirror, events=events)
    assert {name for kind, name in events if kind == "kill"} == {"a", "b", "c"}


def test_mirror_that_dies_at_the_start_leaves_nobody_starting():
    """A worker that is still starting is cancelled, since the round would not know it."""
    events = []

    class DyingMirrorExecutor(ScriptedExecutor):
        async def start(self, cell, loops, warmups, values):
            worker = await super().start(cell, loops, warmups, values)
            if worker.name == "a":
                raise MirrorError("it opens no door")
            if worker.name == "b":
                return worker
            try:
                await asyncio.Event().wait()
            finally:
                events.append(("no longer starts", worker.name))

    with pytest.raises(MirrorError, match="it opens no door"):
        play(events=events, executor=DyingMirrorExecutor(events))
    assert events.index(("no longer starts", "c")) < events.index(("kill", "b"))


def play_strays(strays, scripts=None, number=3):
    """Run a round of one warmup and two laps in which others ask for pages, span by span."""
    events = []
    mirror = ScriptedMirror(events, strays)
    return *play(scripts, events=events, mirror=mirror, number=number), mirror


def of_lap(events, lap):
    """Return the cells in the order of a lap."""
    return [next(c for c in CELLS if c.strategy == n) for n in taken(events)[3 * lap : 3 * lap + 3]]


def test_who_asks_in_another_turn_is_out_and_the_other_stays():
    """Its door is shut at once; the value that was hardly held up stands."""
    first, second, third = of_lap(play()[1], 0)
    strays = {"strays": {second.name: 12}, "held_up_s": 0.001}
    result, events, mirror = play_strays([strays])
    (failure,) = result.failures
    assert failure.cell == second.name
    assert failure.reason.startswith("it asked for 12 pages during another's turn, which held up")
    assert second.strategy not in taken(events)
    assert mirror.shut == [[second.name], None]
    kept = [sample.cell for sample in result.record.samples]
    assert (kept.count(first.name), kept.count(third.name)) == (3, 3)


def test_value_that_was_held_up_is_left_out_of_samples_and_run():
    """Nothing is said against its cell, even where its answer was wrong."""
    first, second, third = of_lap(play()[1], 1)
    strays = [{}, {}, {}, {"strays": {third.name: 500}, "held_up_s": 0.2}]
    wrong = {first.strategy: [good_value(2), make_value(["wrong"] * 2)]}
    result, _, _ = play_strays(strays, wrong)
    assert [failure.cell for failure in result.failures] == [third.name]
    kept = [(sample.cell, sample.lap) for sample in result.record.samples if not sample.warmup]
    assert sorted(kept) == sorted([(first.name, 1), (second.name, 0), (second.name, 1)])
    assert second.name in result.runs


def test_calibration_keeps_what_was_held_up():
    """It only asks how long a crawl takes: without an answer the cell could not go on."""
    first = of_lap(play()[1], 0)[0]
    result, _, _ = play_strays([{"strays": {"(gone)": 500}, "held_up_s": 0.2}], number=0)
    assert result.failures == []
    assert [sample.cell for sample in result.record.samples].count(first.name) == 3


@pytest.mark.parametrize("scripts", [None, {"b": [CellError("crashed")]}])
def test_who_is_out_already_is_not_named_twice(scripts):
    """What a process sends that has survived its cell costs values, but nobody's name."""
    strays = [{"strays": {CELLS[1].name: 2, "": 1}, "early": {CELLS[1].name: 1}}] * 9
    result, _, _ = play_strays(strays, scripts)
    assert [failure.cell for failure in result.failures] == [CELLS[1].name]


def test_run_loses_the_values_that_are_left_out():
    """Warmups first, as they were taken; without any value there is no run."""
    run = pyperf.Run([1.0, 2.0, 3.0], warmups=[(2, 9.0)], collect_metadata=False)
    assert pick(run, [True] * 4) is run
    picked = pick(run, [False, True, False, True])
    assert (picked.values, picked.warmups) == ((1.0, 3.0), ())
    assert pick(run, [True, False, False, False]) is None


def test_http_parser_of_each_cell_is_recorded():
    """Whether a C or a Python parser read the responses can change the result."""
    result, _ = play()
    assert set(result.http_parsers.values()) == {"http.client"}


OPERATED = tuple(Cell.of_operation(name, "uvloop") for name in ("lock", "event"))


def test_operation_is_held_against_its_event_loop_alone(tmp_path):
    """It verifies its work itself; what it measured besides its time is kept, nothing is traced."""
    values = [operated(["uvloop"], latest_s=0.25)] * 3
    scripts = {"lock/uvloop": values, "event/uvloop": [operated(["asyncio"])]}
    result, _ = play(scripts, cells=OPERATED, folder=tmp_path)
    assert {s.cell for s in result.record.samples} == {"lock/uvloop"}
    assert [s.figures for s in result.record.samples] == [{"latest_s": 0.25}] * 3
    assert [(f.cell, f.reason) for f in result.failures] == [
        ("event/uvloop", "it ran on asyncio instead of uvloop (round 3, in warmup 1)")
    ]
    assert (result.http_parsers, result.notes) == ({}, {})


def test_operation_that_only_makes_loops_runs_on_none():
    """That is no fault."""
    result, _ = play({"lock/uvloop": [operated([])] * 3}, cells=OPERATED[:1])
    assert (len(result.record.samples), result.failures) == (3, [])


def test_refusal_of_a_loop_is_told_from_a_failure():
    """The loop says that it does not have it: nothing went wrong."""
    scripts = {
        "lock/uvloop": [CellRefusal("uvloop does not have it")],
        "event/uvloop": [CellError("crashed")],
    }
    failures = play(scripts, cells=OPERATED)[0].failures
    assert {f.cell: f.is_refusal for f in failures} == {"lock/uvloop": True, "event/uvloop": False}


def test_waves_do_not_live_at_the_same_time(monkeypatch):
    """The second begins when the first has ended; each group is whole."""
    monkeypatch.setattr(round_module, "MAX_ALIVE", 1)
    scripts = {cell.name: [operated(["uvloop"])] * 3 for cell in OPERATED}
    result, events = play(scripts, cells=OPERATED)
    kinds = [kind for kind, _ in events if kind in ("start", "finish")]
    assert kinds == ["start", "finish"] * 2
    assert set(result.runs) == {cell.name for cell in OPERATED}
    assert len(result.record.samples) == 2 * 3


def test_anchors_are_timed_once_in_each_lap_between_values():
    """None in warmups; while they are timed no mirror counts and no worker measures."""
    result, events = play()
    (group,) = {cell.group for cell in CELLS}
    assert [(a.group, a.lap) for a in result.record.anchors] == [(group, 0), (group, 1)]
    assert {(a.computing_s, a.sending_s) for a in result.record.anchors} == {(0.001, 0.002)}
    kinds = [kind for kind, _ in events if kind in ("begin", "end", "anchor", "anchor ends")]
    at = [place for place, kind in enumerate(kinds) if kind == "anchor"]
    assert len(at) == 2
    assert all(kinds[:place].count("begin") == kinds[:place].count("end") for place in at)
    assert kinds[-1] == "anchor ends"


@pytest.mark.parametrize(("lives", "timed"), [(None, 0), (0, 0), (1, 1)])
def test_anchor_that_fails_costs_no_cell_anything(lives, timed):
    """It does not start, or dies at its first lap or its second."""
    result, _ = play(lives=lives)
    assert (len(result.record.anchors), len(result.record.samples)) == (timed, 9)
    assert result.failures == []


def test_lap_in_which_nobody_is_left_has_no_anchor():
    """There is nothing that it would say anything of."""
    result, _ = play({cell.strategy: CellError("no module") for cell in CELLS})
    assert result.record.anchors == ()


def round_of_eight_laps(*cells, **changes):
    """Return the plan of a round in which the cells' group has two turns of four laps."""
    return RoundPlan(
        number=3,
        seed=1,
        cells=cells,
        loops={},
        warmups=1,
        laps=2,
        passes={cells[0].group: 4},
        modules={},
        **changes,
    )


def test_long_form_that_misses_laps_has_its_own_count_of_them():
    """Its worker is told how many values to expect, and its mirror which of its laps this is."""
    short = CELLS[0]
    long = replace(short, site="longer", long_of=short.site)
    plan = round_of_eight_laps(short, long, every={long.name: 3}, strides={long.name: 3})
    assert [plan.count_values(cell) for cell in (short, long)] == [8, 3]
    assert [plan.place(short, lap) for lap in (0, 3, 7)] == [(0, 8), (3, 8), (7, 8)]
    assert [plan.place(long, lap) for lap in (0, 3, 6)] == [(0, 3), (1, 3), (2, 3)]


def test_resting_cell_has_the_delays_of_the_cells_beside_it():
    """Its worker expects fewer values; the mirror spreads the delays over the laps of all."""
    awake, resting = CELLS[:2]
    plan = round_of_eight_laps(awake, resting, every={resting.name: 4})
    assert [plan.count_values(cell) for cell in (awake, resting)] == [8, 2]
    assert [plan.place(cell, 4) for cell in (awake, resting)] == [(4, 8), (4, 8)]


def test_long_form_is_crawled_at_its_own_mirror_in_the_laps_of_its_group():
    """What is compared meets in one lap, wherever its pages come from."""
    short = CELLS[0]
    long = replace(short, site="longer", long_of=short.site)
    events, other_events = [], []
    plan = RoundPlan(
        number=3,
        seed=1,
        cells=(short, long),
        loops={short.name: 2, long.name: 2},
        warmups=1,
        laps=2,
        passes={short.group: 1},
        modules={short.name: None, long.name: None},
    )
    mirrors = {short.place: ScriptedMirror(events), long.place: ScriptedMirror(other_events)}
    expectations = {SITE.name: EXPECTED, "longer": EXPECTED}
    result = asyncio.run(
        run_round(plan, ScriptedExecutor([]), mirrors, expectations, lambda *_: None)
    )
    assert not result.failures
    assert [kind for kind, _ in events] == ["begin", "network", "end"] * 3
    assert other_events == events  # each lap is the same network's to both
    laps = {}
    for sample in result.record.samples:
        laps.setdefault((sample.warmup, sample.lap), set()).add(sample.cell)
    assert set(map(frozenset, laps.values())) == {frozenset((short.name, long.name))}
