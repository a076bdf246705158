"""Matrices become a table, badges and a measure of agreement; edited ones do not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Environment, EnvironmentFacts, LongForm, Verdict
from crawlbench.reference.agreement import Said, find_agreement, said_by
from crawlbench.reference.badge import make_badges
from crawlbench.reference.bundle import ENDING, Source, encode_bundle
from crawlbench.reference.makeup import find_makeup
from crawlbench.reference.matrix import (
    Matrix,
    Measured,
    load_matrices,
    load_matrix,
    name_matrix,
)
from crawlbench.reference.page import render_table
from crawlbench.reference.rows import Shares, newest_last
from crawlbench.reference.submission import make_bundle
from crawlbench.reference.table import make_table
from tests.reference.builders import (
    ALIKE,
    BASE,
    CPU_SHARE,
    FAST,
    GROUP,
    RATIOS,
    REAL,
    SLOW,
    TWIN,
    measured,
)

DAYS = ("2026-11-10", "2026-11-20")
SCENARIO = "crawl-douban-top250-on-loopback-10-at-a-time-against-requests-serial"
"""As the names of badges have it."""


def write_matrices(root, days=DAYS, sessions=3, ratios=None, machine=REAL):
    """Write a matrix for each day."""
    for day in days:
        folder = root / name_matrix(day, machine)
        folder.mkdir(parents=True)
        for place in range(sessions):
            made = measured(
                int(day[-2:]) + place,
                ratios,
                created=f"{day}T0{place}:00:00+00:00",
                laps=1,
                machine=machine,
            )
            (folder / f"crawl-{place}{ENDING}").write_bytes(encode_bundle(make_bundle(made)))
    return root


@pytest.fixture(scope="module")
def matrices(tmp_path_factory):
    """Return two matrices of three sessions each."""
    return load_matrices(write_matrices(tmp_path_factory.mktemp("matrix")))


@pytest.fixture(scope="module")
def table(matrices):
    return make_table(matrices)


def make_begun(root):
    """Return the table of a whole matrix, and of one that has begun after it."""
    write_matrices(root, DAYS[:1])
    return make_table(load_matrices(write_matrices(root, DAYS[1:], sessions=1)))


def test_matrix_is_named_after_day_cpu_and_python(matrices):
    assert name_matrix("2026-11-28", REAL) == "2026-11-28-amd-epyc-7763-64-core-cpython-3.11.7"
    intel = replace(REAL, cpu_model="Intel(R) Xeon(R) Processor @ 2.20GHz")
    assert name_matrix("2026-11-28", intel) == "2026-11-28-intel-xeon-cpython-3.11.7"
    assert [one.days for one in matrices] == [(day, day) for day in DAYS]


def test_each_figure_has_date_version_sessions_and_command(table):
    """None is without any of them."""
    assert len(table.rows) == 2 * (len(RATIOS) - 1)
    for row in table.rows:
        assert row.first in DAYS
        assert row.python == "CPython 3.11.7"
        assert row.library.endswith("1.2.3")
        places = [int(one) for one in row.sessions.split(",")]
        assert len(places) == 3
        for place in places:
            assert table.sessions[place].content.command.startswith("crawlbench run default")


def test_row_has_ratio_rank_and_per_page(table):
    row = next(one for one in table.rows if one.strategy == FAST.strategy)
    assert (row.rank, row.same, row.verdict, row.cpu.verdict) == (1, 0, "faster", "faster")
    assert row.per_page == pytest.approx(row.seconds / 10, rel=1e-3)
    assert not row.tuned
    assert row.reviewed == ""
    base = next(one for one in table.rows if one.strategy == BASE.strategy)
    assert (base.verdict, base.rank) == ("baseline", 2)


def test_page_of_two_lengths_costs_what_a_further_one_adds():
    """CPU time, too: never the short crawl's over its pages, most of which may be start-up."""
    form = LongForm("douban-x100", 100, 10)
    # Of a short crawl nine tenths are start-up, whose CPU time no further page adds.
    short, whole = {BASE: 1, TWIN: 1, FAST: 0.5}, {BASE: 1.9, TWIN: 1.9, FAST: 0.95}
    ratios = {**short, **{cell.lengthened(form.site): ratio for cell, ratio in whole.items()}}
    sessions = [measured(seed, ratios, long_forms={GROUP: form}, noise=0.001) for seed in (1, 2, 3)]
    for row in table_of(*sessions).rows:
        page_s = 0.02 * short[BASE if row.strategy == BASE.strategy else FAST] / 100
        assert row.has_lengths
        assert row.per_page == pytest.approx(page_s, rel=0.02)
        assert row.cpu_per_page == pytest.approx(page_s * CPU_SHARE, rel=0.02)
        assert row.begin == pytest.approx(90 * page_s, rel=0.02)


def test_page_of_one_length_has_its_share_of_the_start_up(table):
    """In wall time and CPU time alike."""
    for row in table.rows:
        assert not row.has_lengths
        assert row.begin is None
        assert row.per_page == pytest.approx(row.seconds / 10, rel=1e-3)
        assert row.cpu_per_page == pytest.approx(row.per_page * CPU_SHARE, rel=0.01)


def test_what_stayed_unclear_is_counted(table):
    assert [(one.unclear, one.compared) for one in table.shares] == [(0, 3), (0, 3)]
    assert all(one.pairs == 6 and one.apart == 5 for one in table.shares)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ((0, 0, 0, 0, 0), "Nothing was compared yet."),
        ((0, 0, 1, 0, 0), "1 comparison is preliminary."),
        ((0, 0, 2, 0, 0), "2 comparisons are preliminary."),
        (
            (1, 1, 1, 1, 1),
            "100 % of 1 comparison with a baseline is unclear; 100 % of 1 pair is told apart. "
            "1 more is preliminary.",
        ),
        (
            (1, 2, 3, 1, 4),
            "50 % of 2 comparisons with a baseline are unclear; 25 % of 4 pairs are told apart. "
            "3 more are preliminary.",
        ),
        ((1, 2, 0, 0, 0), "50 % of 2 comparisons with a baseline are unclear."),
    ],
)
def test_sum_of_what_stayed_unclear_is_a_sentence_for_any_number(counts, told, table):
    one = Shares("matrix", "scenario", "baseline", *counts)
    assert f"<p>{told}</p>" in render_table(replace(table, shares=(one,)))


def test_badge_is_what_services_read(table):
    """Ratio, interval and month, and how many others are not told apart from it."""
    badges = make_badges(table)
    assert len(badges) == len(RATIOS) - 1
    found = json.loads(badges[f"{SCENARIO}-aiohttp-gather-asyncio-none.json"])
    assert found["schemaVersion"] == 1
    assert set(found) == {"schemaVersion", "label", "message", "color"}
    assert found["color"] == "brightgreen"
    assert found["message"].endswith(", 2026-11")
    assert " of requests-serial, 0." in found["message"]
    name = f"{SCENARIO}-{ALIKE.strategy}-asyncio-none.json"
    message = json.loads(badges[name])["message"]
    assert ", 1 other not told apart, " in message
    assert "same" not in message  # which is a verdict, and not theirs


def labels_of(table):
    """Return what each badge says of whom: its label, and what it is compared with."""
    badges = map(json.loads, make_badges(table).values())
    return {one["label"]: one["message"].partition(", ")[0].partition(" of ")[2] for one in badges}


def test_badges_of_a_page_have_labels_of_their_own(table):
    """With scenario, loop and parser where a part has several; and it is clear what is the base."""
    part = list(table.rows[: len(RATIOS) - 1])
    assert labels_of(replace(table, rows=tuple(part))) == {
        "crawl: requests-serial": "",
        "crawl: aiohttp-gather": "requests-serial",
        "crawl: httpx-async": "requests-serial",
        "crawl: httpx2-async": "requests-serial",
    }
    fast = next(row for row in part if row.strategy == FAST.strategy)
    loops = [*part, replace(fast, loop="uvloop")]
    assert set(labels_of(replace(table, rows=tuple(loops)))) == {
        "crawl: requests-serial",
        "crawl: aiohttp-gather on asyncio",
        "crawl: aiohttp-gather on uvloop",
        "crawl: httpx-async on asyncio",
        "crawl: httpx2-async on asyncio",
    }
    parsers = [replace(row, parser="lxml") for row in loops if row.verdict != "baseline"]
    both = labels_of(replace(table, rows=(*loops, *parsers)))
    assert both["crawl: aiohttp-gather on uvloop with lxml"] == "requests-serial with no parser"
    assert both["crawl: aiohttp-gather on uvloop with no parser"] == both.popitem()[1]
    sites = [replace(row, scenario="crawl: index") for row in loops]
    every = [*loops, *parsers, *sites]
    labels = set(labels_of(replace(table, rows=tuple(every))))
    assert len(labels) == len({row.key for row in every}) == len(every)
    assert "crawl: index: requests-serial with no parser" in labels
    # One who does another part does not lengthen the labels of this one.
    other = [replace(row, scenario="other: index", loop="uvloop") for row in part]
    labels = set(labels_of(replace(table, rows=(*part, *other))))
    assert {"crawl: aiohttp-gather", "other: aiohttp-gather on uvloop"} <= labels
    # Nor does another environment take the place of the manager's.
    old = [replace(row, loop=f"{row.loop} @old") for row in part]
    labels = set(labels_of(replace(table, rows=(*part, *old))))
    assert {"crawl: requests-serial", "crawl: requests-serial on @old"} <= labels
    assert len(labels) == 2 * len(part)


def test_published_badges_have_labels_of_their_own():
    """A hundred of them stand in other people's READMEs, without the page around them."""
    folder = Path(__file__).resolve().parents[2] / "docs" / "results" / "badges"
    labels = [json.loads(path.read_text())["label"] for path in folder.glob("*.json")]
    assert len(labels) == len(set(labels)) > 100


def test_matrix_that_has_begun_does_not_take_the_place_of_a_whole_one(tmp_path, table):
    """Badges, pairs and the page show what rests on three sessions; the rest is in the history."""
    begun = make_begun(tmp_path)
    whole, first = dict.fromkeys(row.matrix for row in begun.rows)
    assert first > whole
    assert [row.verdict for row in begun.rows if row.matrix == first].count("preliminary") == 3
    old = replace(begun, rows=tuple(row for row in begun.rows if row.matrix == whole))
    assert make_badges(begun) == make_badges(old)
    assert [one.matrix for one in begun.pairs] == [whole]
    assert whole in {row.matrix for row in newest_last(begun.rows)[-4:]}
    # A newer whole one does take it, and where none is whole the newest is shown.
    assert {row.matrix for row in newest_last(table.rows)[-4:]} == {table.rows[-1].matrix}
    alone = [row for row in begun.rows if row.matrix == first]
    assert newest_last(alone) == alone
    assert "preliminary" in "".join(make_badges(replace(begun, rows=tuple(alone))).values())


def test_edited_bundle_is_no_part_of_a_matrix(tmp_path):
    """Nor is one of another machine; each says which file."""
    write_matrices(tmp_path, DAYS[:1], sessions=1)
    (folder,) = tmp_path.iterdir()
    bundle = make_bundle(measured(machine=replace(REAL, python="CPython 3.13.0")))
    (folder / f"other{ENDING}").write_bytes(encode_bundle(bundle))
    with pytest.raises(UsageError, match="another CPU or Python is another matrix"):
        load_matrix(folder)
    (folder / f"other{ENDING}").write_bytes(b"\x1f\x8bno")
    with pytest.raises(UsageError, match="is not a whole bundle"):
        load_matrix(folder)
    with pytest.raises(UsageError, match="is not a matrix"):
        load_matrix(tmp_path)


def table_of(*sessions):
    """Return the table of one matrix of these sessions."""
    bundles = [make_bundle(one).content for one in sessions]
    made = [
        Measured(f"a/{n}", c, s) for n, (c, s) in enumerate(zip(bundles, sessions, strict=True))
    ]
    return make_table([Matrix("a", tuple(made))])


def test_figure_is_of_one_version(tmp_path):
    """What an upgrade or a correction left behind counts no more: the figure is preliminary."""
    upgraded = replace(REAL, versions={**REAL.versions, "aiohttp": "2.0.0"})
    sessions = [measured(1), measured(2), measured(3, machine=upgraded)]
    rows = {row.strategy: row for row in table_of(*sessions).rows}
    assert rows[FAST.strategy].library == "aiohttp 2.0.0"
    assert (rows[FAST.strategy].sessions, rows[FAST.strategy].verdict) == ("2", "preliminary")
    assert (rows[ALIKE.strategy].sessions, rows[ALIKE.strategy].verdict) == ("0,1,2", "slower")
    # Without its baseline, no session says anything.
    upgraded = replace(REAL, versions={**REAL.versions, "requests": "2.0.0"})
    sessions[2] = measured(3, machine=upgraded)
    assert {row.sessions for row in table_of(*sessions).rows} == {"2"}


def test_row_of_a_parser_that_is_gone_is_still_shown():
    """A published bundle outlives the plug-ins that it names."""
    gone = replace(FAST, parser="gone")
    rows = {row.parser: row for row in table_of(measured(ratios={BASE: 1, TWIN: 1, gone: 2})).rows}
    assert rows["gone"].library == "aiohttp 1.2.3"


def test_row_of_another_environment_has_its_versions():
    """Not those of the Python that ran crawlbench."""
    old = Environment("old", packages=("aiohttp==1.0",))
    facts = EnvironmentFacts(old, python="CPython 3.13.0", versions={"aiohttp": "1.0", "x": "2"})
    there = replace(FAST, environment="old")
    made = measured(ratios={BASE: 1, TWIN: 1, FAST: 0.5, there: 0.6}, environments=(facts,))
    rows = {row.loop: row for row in table_of(made).rows}
    assert (rows["asyncio"].library, rows["asyncio"].python) == ("aiohttp 1.2.3", REAL.python)
    found = rows["asyncio @old"]
    assert (found.library, found.python) == ("aiohttp 1.0", "CPython 3.13.0")


def test_sessions_with_other_baselines_are_other_scenarios():
    """Nobody's session is left out without a word, and ratios to two things are not averaged."""
    twin = replace(FAST, control=True)
    other = measured(4, {FAST: 1, twin: 1, BASE: 2, SLOW: 3}, baselines={GROUP: FAST.name})
    found = table_of(measured(1), other, measured(2), measured(3))
    assert {row.scenario: row.sessions for row in found.rows} == {
        "crawl: douban-top250 on loopback, 10 at a time, against requests-serial": "0,2,3",
        "crawl: douban-top250 on loopback, 10 at a time, against aiohttp-gather on asyncio": "1",
    }


def test_matrix_is_compared_with_the_one_before_it_on_its_machine(tmp_path):
    """Another machine's, or one that has only begun, does not come between them."""
    other = replace(REAL, cpu_model="Intel Xeon")
    write_matrices(tmp_path, ("2026-11-10", "2026-11-25"))
    write_matrices(tmp_path, ("2026-11-15",), machine=other)
    write_matrices(tmp_path, ("2026-11-20",), sessions=1)
    assert sum(band.pairs for band in make_table(load_matrices(tmp_path)).across) == 3


def test_tuned_rows_stand_apart(tmp_path):
    """A user's own file is marked, and has no badge."""
    own = replace(FAST, strategy="tuned.py")
    (tmp_path / "tuned.py").write_text('"""Ours."""\n', encoding="utf-8")
    from crawlbench.base.records import OwnFile

    folder = tmp_path / "matrices" / "one"
    folder.mkdir(parents=True)
    session = measured(ratios={BASE: 1, TWIN: 1, own: 0.4}, laps=1)
    path = str(tmp_path / "tuned.py")
    plan = replace(session.plan, files={"tuned.py": OwnFile(path, path)})
    content = encode_bundle(make_bundle(replace(session, plan=plan)))
    (folder / f"a{ENDING}").write_bytes(content)
    found = make_table(load_matrices(folder.parent))
    assert {row.library for row in found.rows if row.tuned} == {"own file"}
    tuned = {row.strategy: row.tuned for row in found.rows}
    assert tuned == {"requests-serial": False, "tuned.py": True}
    assert not any("tuned" in name for name in make_badges(found))


@pytest.mark.parametrize(
    ("strategy", "text", "library"),
    [
        ("gone-client", "", "no longer shipped"),
        ("gone-client", "import socket", "own file"),
        ("tuned.py", "import socket", "own file"),
        ("aiohttp-gather", "import socket", "own file"),
        ("aiohttp-gather", "", "aiohttp 1.2.3"),
    ],
)
def test_strategy_that_was_removed_is_nobodys_own_file(strategy, text, library):
    """Only a user's file has its text in the bundle, whatever it is called."""
    session = measured(rounds=1)
    sources = {strategy: Source("0123", text)}
    content = msgspec.structs.replace(make_bundle(session).content, strategies=sources)
    found = find_makeup(replace(FAST, strategy=strategy), Measured("file", content, session))
    assert (found.library, found.digest) == (library, "0123")


def test_page_counts_what_somebody_could_choose_as_clients(tmp_path):
    """Neither the least that is possible nor the operations of event loops."""
    write_matrices(tmp_path, DAYS[:1], sessions=1)
    table = make_table(load_matrices(tmp_path))
    row = table.rows[0]
    floors = [replace(row, strategy=name) for name in ("limit-socket", "cold-python")]
    operation = replace(row, strategy="sleep-zero", parser="-")
    clients = [replace(row, strategy=name) for name in ("one", "two")]
    for rows, told in (
        ((*clients, *floors, operation, replace(clients[0], parser="lxml")), "2 clients"),
        ((clients[0], *floors), "1 client"),
    ):
        page = render_table(replace(table, rows=rows))
        assert f"1 matrix of 1 session, {told}, 2026-11-10" in page


def test_agreement_counts_flips_by_distance():
    """Faster here and same there flips; what one side leaves open does not."""
    one = {
        "near": Said(Verdict.SAME, 0.01),
        "far": Said(Verdict.FASTER, -0.5),
        "open": Said(Verdict.UNCLEAR, -0.5),
        "turned": Said(Verdict.FASTER, -0.06),
        "alone": Said(Verdict.FASTER, -0.5),
    }
    other = {
        "near": Said(Verdict.SLOWER, 0.02),
        "far": Said(Verdict.FASTER, -0.6),
        "open": Said(Verdict.FASTER, -0.5),
        "turned": Said(Verdict.SLOWER, -0.06),
    }
    bands = find_agreement([(one, other)])
    counts = [(b.pairs, b.answered, b.flipped, b.reversed, b.share) for b in bands]
    assert counts == [
        (1, 1, 1, 0, 1.0),
        (0, 0, 0, 0, None),
        (1, 1, 1, 1, 1.0),
        (0, 0, 0, 0, None),
        (2, 1, 0, 0, 0.0),
    ]


def test_sessions_agree_with_themselves(table):
    """And what is far from 1 does not flip between sessions of one truth."""
    said = said_by(table.sessions[0].session)
    assert not any(band.flipped for band in find_agreement([(said, said)]))
    assert table.within[-1].answered > 0
    assert table.within[-1].flipped == 0
    assert table.across[-1].answered == 3
    assert sum(band.flipped for band in table.across) == 0


def test_agreement_of_what_was_not_measured_has_no_table(table):
    """Of one matrix there is none before it, and a table of zeros would say nothing."""
    title = "A matrix and the one before it"
    assert title in render_table(table)
    assert title not in render_table(replace(table, across=()))


def test_halves_of_a_real_session_do_not_flip_far_from_one():
    """Of what takes a quarter more or less time, neither half says what the other denies."""
    from crawlbench.measure.store import load_session
    from crawlbench.stats.judge import judge

    root = Path(__file__).resolve().parents[2]
    whole = load_session(root / "results" / "reference")
    halves = [
        judge(replace(whole, rounds=rounds)) for rounds in (whole.rounds[:4], whole.rounds[4:])
    ]
    bands = find_agreement([tuple(said_by(one) for one in halves)])
    assert sum(band.pairs for band in bands) > 10
    assert bands[-1].answered > 0
    assert bands[-1].flipped == 0
