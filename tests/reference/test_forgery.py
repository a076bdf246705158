"""What somebody does who wants a better figure without measuring it: each has its sentence."""

from __future__ import annotations

import gzip
from dataclasses import replace

import msgspec
import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Failure
from crawlbench.reference.bundle import (
    claims_of,
    decode_bundle,
    encode_bundle,
    restore,
    seal,
)
from crawlbench.reference.forgery import are_copies, find_copy
from crawlbench.reference.matrix import find_copied, load_matrices, load_matrix
from crawlbench.reference.omissions import find_omissions
from crawlbench.reference.privacy import find_secret
from crawlbench.reference.rules import find_broken
from tests.reference.builders import FAST, SLOW, bundled, measured, tampered


@pytest.fixture(scope="module")
def good():
    """Return a bundle that keeps all rules."""
    return bundled()


def sentences(bundle, edit):
    """Return what is said of a bundle that was edited and sealed again."""
    return find_broken(tampered(bundle, edit))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("see /nfs/home/anna/x.py", "a path"),
        ("see /export/scratch/anna/x.py", "a path"),
        ("see /media/anna/stick/x.py", "a path"),
        (r"see \\box\anna\x.py", "a path"),
        ("ask anna.b+c@mail.example.org", "an address of a person"),
        ("at 2001:db8::8a2e:370:7334", "an address"),
        ("at fe80::1", "an address"),
        ("at [2001:db8:0:0:0:0:0:1]:80", "an address"),
        ("at ::ffff:10.1.2.3", "an address"),
        ("at 00:1b:44:11:3a:b7", "a network card's address"),
        ("on build01.corp", "a host's name"),
    ],
)
def test_what_tells_who_measured_is_found(text, kind):
    found = find_secret(text)
    assert found is not None
    assert found[1] == kind


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29T01:20:05.123456+00:00",
        "requests-serial/-/lxml/c10/loopback/douban-top250",
        "127.0.0.1:8000 refused; [::1]:8000 too",
        "tests/x.py::test_name",
        "see /subject/1292052/ at 12:30:15",
        "crawlbench run default -n wan@150ms --rounds 5",
        "Linux-6.18-x86_64, aiohttp 3.14.5, 1:2",
        "uvloop @old and a C++ std::vector",
    ],
)
def test_what_tells_nobody_is_let_in(text):
    """Times, names of cells and tests, and this machine's own addresses."""
    assert find_secret(text) is None


def test_session_that_was_copied_is_one(good):
    """Under another date, and with all times a little shorter."""
    other = tampered(good, lambda c: c["session"].update(created="2026-11-09T00:00:00+00:00"))

    def shorten(content):
        for kept in content["rounds"]:
            kept["columns"]["seconds"] = [
                float(f"{one * 0.97:.6g}") for one in kept["columns"]["seconds"]
            ]

    faster = tampered(good, shorten)
    first = restore(good.content)
    for copy in (other, faster):
        assert are_copies(first, restore(copy.content))
        told = find_copy([("a", first), ("b", restore(copy.content))])
        assert told.startswith("'b' holds the values of 'a'")


def test_sessions_that_were_measured_are_no_copies():
    """However quiet the machine is."""
    one, two = (measured(seed, noise=0.001) for seed in (1, 2))
    assert not are_copies(one, two)
    assert find_copy([("a", one), ("b", two)]) == ""


def test_copy_is_no_part_of_a_matrix(tmp_path, good):
    """Nor is it let in by `verify-bundle`, while what was copied stays good."""
    folder = tmp_path / "matrix"
    folder.mkdir()
    first, copy = folder / "a.bundle.gz", folder / "b.bundle.gz"
    first.write_bytes(encode_bundle(good))
    assert load_matrix(folder).name == "matrix"
    assert find_copied(first, []) == ""
    later = tampered(good, lambda c: c["session"].update(created="2026-11-09T00:00:00+00:00"))
    copy.write_bytes(encode_bundle(later))
    assert "one session was copied" in find_copied(copy, [first])
    for load in (lambda: load_matrix(folder), lambda: load_matrices(tmp_path)):
        with pytest.raises(UsageError, match="one session was copied"):
            load()
    elsewhere = tmp_path / "another" / copy.name
    elsewhere.parent.mkdir()
    copy.rename(elsewhere)
    assert load_matrix(folder).name == "matrix"
    with pytest.raises(UsageError, match="one session was copied"):
        load_matrices(tmp_path)
    copy.write_bytes(b"no bundle")
    assert find_copied(first, [first]) == ""


def test_copy_in_another_order_or_in_part_is_one(good):
    """Rounds turned round, one round stolen, a cell left out: each round is compared with each."""
    first = restore(good.content)

    def copied(edit):
        return restore(tampered(good, edit).content)

    def reverse(content):
        kept = [{**one, "number": n} for n, one in enumerate(reversed(content["rounds"]), 1)]
        content["rounds"] = kept

    assert are_copies(first, copied(reverse))
    other = bundled(seed=5)
    stolen = [*other.content.rounds[:5], msgspec.structs.replace(good.content.rounds[2], number=6)]
    mixed = restore(msgspec.structs.replace(other.content, rounds=tuple(stolen)))
    assert not are_copies(first, restore(other.content))
    assert are_copies(first, mixed)
    fewer = [cell for cell in first.plan.cells if cell != SLOW]
    rounds = tuple(
        replace(r, samples=tuple(s for s in r.samples if s.cell != SLOW.name)) for r in first.rounds
    )
    part = replace(first, plan=replace(first.plan, cells=tuple(fewer)), rounds=rounds)
    assert find_copy([("a", first), ("b", part)]) != ""


def test_copy_of_what_crawlbench_has_outgrown_is_one(tmp_path, good):
    """In the folder of another matrix, too: that the original is outdated does not free its values.

    What breaks a rule that lasts, though, accuses nobody.
    """
    old, copy = (tmp_path / "matrix" / name / "a.bundle.gz" for name in ("one", "two"))
    for path in (old, copy):
        path.parent.mkdir(parents=True)
    outdated = tampered(good, lambda c: c["session"].update(tool="0.0.1"))
    old.write_bytes(encode_bundle(outdated))
    later = tampered(good, lambda c: c["session"].update(created="2026-11-09T00:00:00+00:00"))
    copy.write_bytes(encode_bundle(later))
    assert "one session was copied" in find_copied(copy, [])
    forged = tampered(good, lambda c: c["session"]["machine"].update(hostname="anna"))
    old.write_bytes(encode_bundle(forged))
    assert find_copied(copy, []) == ""


def test_round_that_stands_there_twice_is_seen(good):
    def double(content):
        rounds = list(content["rounds"])
        rounds[4] = {**rounds[1], "number": 5}
        content["rounds"] = rounds

    assert any("rounds 2 and 5 hold the same values" in one for one in sentences(good, double))


def test_rounds_that_were_taken_out_are_missed(good):
    """Renumbered, so that the numbers tell nothing."""

    def drop(content):
        kept = [one for one in content["rounds"] if one["number"] != 3]
        content["rounds"] = [{**one, "number": n} for n, one in enumerate(kept, 1)]

    found = sentences(good, drop)
    assert any("all 6 rounds were measured, but has 5" in one for one in found)


def without_slowest(rows):
    """Leave out the slowest value of a round's rows of one cell, as who wants a better figure."""
    return sorted(rows, key=lambda row: row["seconds"])[:-1]


@pytest.mark.parametrize(
    ("rounds", "change", "told"),
    [
        (slice(None), without_slowest, "of the 2 laps of round 1, "),
        (slice(3, 4), lambda _: [], "of the 2 laps of round 4, numbered from 0, '{}' has none"),
        (slice(1), lambda rows: [*rows, {**rows[0], "seconds": 0.005}], "'{}' has 0, 0, 1"),
        (slice(1), lambda rows: [*rows, {**rows[0], "lap": 2}], "'{}' has 0, 1, 2"),
        (slice(1), lambda rows: [{**rows[0], "lap": 7}, rows[1]], "'{}' has 1, 7"),
    ],
)
def test_value_that_was_taken_out_or_put_in_is_seen(good, rounds, change, told):
    """With claims that fit what is left, as an honest bundle of it would have them."""
    place = good.content.session.plan.cells.index(FAST)

    def edit(content):
        for record in content["rounds"][rounds]:
            columns = record["columns"]
            rows = [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ]
            others = [row for row in rows if row["cell"] != place]
            kept = [*others, *change([row for row in rows if row["cell"] == place])]
            record["columns"] = {name: [row[name] for row in kept] for name in columns}

    content = tampered(good, edit).content
    forged = msgspec.structs.replace(content, claims=claims_of(restore(content)))
    [found] = find_broken(seal(forged))
    assert told.format(FAST.name) in found
    assert "values were taken out or added" in found


def test_cells_that_rest_or_fail_may_lack_values():
    """A paced session's settled cells take part in every n-th lap, and who fails in no more."""
    paced = measured(laps=4)
    paced = replace(paced, plan=replace(paced.plan, is_paced=True))

    def thinned(session, laps, rounds=6):
        records = [
            replace(
                record,
                samples=tuple(s for s in record.samples if s.cell != FAST.name or s.lap in laps),
            )
            if record.number <= rounds
            else record
            for record in session.rounds
        ]
        return replace(session, rounds=tuple(records))

    assert not [*find_omissions(thinned(paced, {0, 2}))]
    assert not [*find_omissions(thinned(paced, {0}))]
    assert [*find_omissions(thinned(paced, {1, 2}))]
    assert [*find_omissions(thinned(measured(laps=4), {0, 2}))]  # with a fixed number nobody rests
    failed = replace(thinned(paced, {0}), failures=(Failure(FAST.name, 1, "wrong answer"),))
    [found] = find_omissions(replace(failed, failures=(Failure(FAST.name, 7, "wrong answer"),)))
    assert "failed in round 7, but there is no such round" in found
    [found] = find_omissions(failed)
    assert "failed in round 1, but there is no such round, or a later one has values" in found
    others = thinned(failed, set()).rounds[1:]
    assert not [*find_omissions(replace(failed, rounds=(failed.rounds[0], *others)))]


@pytest.mark.parametrize("more", [b'{"format":9,', b'{"nobody":"reads",', b'{ "format" : 1,'])
def test_what_is_said_twice_or_to_nobody_makes_no_bundle(good, more):
    """The digest is that of what is read: the first of two equal keys could say anything."""
    text = gzip.decompress(encode_bundle(good))
    inner = text.replace(b'"session":{', b'"session":{"hostname":"annas-laptop",', 1)
    for spoiled in (more + text[1:], inner):
        with pytest.raises(UsageError, match=r"says something twice|is not a whole bundle"):
            decode_bundle(gzip.compress(spoiled), "it")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (1e-9, "its mirror answers at most 50000 a second"),
        (1e6, "take 2e+06 s together"),
        (1e300, "do not fit its plan"),
        (-0.02, "do not fit its plan"),
        (None, "do not fit its plan"),
        ("0.02", "do not fit its plan"),
    ],
)
def test_absurd_value_is_refused(good, value, sentence):
    """Too fast for the mirror, longer than its round, or no time; None is what NaN becomes."""

    def change(content):
        column = list(content["rounds"][0]["columns"]["seconds"])
        column[1] = value
        content["rounds"][0]["columns"]["seconds"] = column

    assert any(sentence in one for one in sentences(good, change)), sentences(good, change)


@pytest.mark.parametrize(
    "forge",
    [
        lambda cpu, user: (1e-6, user),  # faster by CPU time than it was
        lambda cpu, user: (cpu * 1.001, user),
        lambda cpu, user: (cpu + 100.0, user + 100.0),  # more than all CPUs have
    ],
)
def test_cpu_time_that_cannot_be_is_refused(good, forge):
    """It decides a verdict of its own, which seconds say nothing about."""

    def change(content):
        columns = content["rounds"][0]["columns"]
        both = zip(columns["cpu_s"], columns["cpu_user_s"], strict=True)
        columns["cpu_s"], columns["cpu_user_s"] = zip(*(forge(*one) for one in both), strict=True)

    assert any("which cannot be" in one for one in sentences(good, change))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_number_that_is_none_makes_no_bundle(good, number):
    """Python would write and read them; JSON has none."""
    text = gzip.decompress(encode_bundle(good)).decode()
    before, name, after = text.partition('"seconds":[')
    spoiled = f"{before}{name}{number},{after.partition(',')[2]}"
    with pytest.raises(UsageError, match="is not a whole bundle"):
        decode_bundle(gzip.compress(spoiled.encode()), "it")


def test_what_follows_the_end_makes_no_bundle(good):
    """A second member that nobody reads could hold anything."""
    with pytest.raises(UsageError, match="something follows after its end"):
        decode_bundle(encode_bundle(good) + gzip.compress(b"more"), "it")


@pytest.mark.parametrize(
    "bomb", [b"[" * 2**20, b'{"format":' * 2**17, b"[[[" + b"[]," * 2**20], ids=["[", "{", "[],"]
)
def test_deep_or_wide_json_makes_no_bundle(bomb):
    with pytest.raises(UsageError, match="is not a whole bundle"):
        decode_bundle(gzip.compress(bomb), "it")


def test_conclusions_of_its_own_are_refused_and_change_nothing(good):
    """Whoever reads a bundle judges it anew, whatever it says."""
    judged = restore(good.content)
    lies = tuple(replace(one, estimate=-2.0) for one in judged.comparisons)
    told = msgspec.structs.replace(
        good.content, session=replace(good.content.session, comparisons=lies)
    )
    assert any("conclusions beside its values" in one for one in find_broken(seal(told)))
    assert restore(told).comparisons == judged.comparisons


def test_verdict_that_its_values_do_not_show_is_refused(good):
    def praise(content):
        content["claims"] = [{**one, "verdict": "faster"} for one in content["claims"]]

    assert any("it claims faster" in one for one in sentences(good, praise))


def test_warning_in_words_of_its_own_is_refused(good):
    """The table would show it."""
    warning = [{"topic": "load", "text": "aiohttp is bad"}]

    def warn(content):
        content["session"]["warnings"] = warning

    assert any("a warning of its own, 'aiohttp is bad'" in one for one in sentences(good, warn))


@pytest.mark.parametrize(
    "command",
    [
        "echo anything | sh",
        "make reference PART=api; rm -r .",
        "make reference PART=nope",
        "crawlbench run default && echo more",
        "",
    ],
)
def test_command_that_measures_something_else_is_refused(good, command):
    """Strangers copy it from the table."""
    found = sentences(good, lambda content: content.update(command=command))
    assert any("which does not measure it again" in one for one in found)
