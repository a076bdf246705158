"""A bundle that breaks a rule is refused with the rule's sentence; one that keeps all is good."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint, distribution

import msgspec
import pytest
from benchmarks.reference import MATRICES, REFERENCE

from crawlbench.base.errors import UsageError
from crawlbench.base.records import (
    Conditions,
    Environment,
    EnvironmentFacts,
    Failure,
    OwnFile,
)
from crawlbench.plugins import registry
from crawlbench.reference.bundle import (
    ENDING,
    decode_bundle,
    digest_of,
    encode_bundle,
    load_bundle,
    seal,
)
from crawlbench.reference.rules import find_broken
from crawlbench.reference.sources import is_shipped
from crawlbench.reference.submission import make_bundle
from tests.reference.builders import (
    BASE,
    FAST,
    GROUP,
    RATIOS,
    REAL,
    TWIN,
    bundled,
    measured,
    tampered,
)


@pytest.fixture(scope="module")
def good():
    """Return a bundle that keeps all rules."""
    return bundled()


def edit(path, value):
    """Return a function that sets something deep in JSON."""

    def change(content):
        *way, last = path
        for key in way:
            content = content[key]
        content[last] = value(content[last]) if callable(value) else value

    return change


def one_slower(content):
    """Change one digit of one value, and what it is measured by stays as it was."""
    column = list(content["rounds"][0]["columns"]["seconds"])
    column[2] *= 3
    content["rounds"][0]["columns"]["seconds"] = column


def rename(old, new):
    """Return a function that gives a cell another name wherever it stands."""

    def change(content):
        text = msgspec.json.encode(content).decode().replace(old, new)
        content.clear()
        content.update(msgspec.json.decode(text))

    return change


def edited_long(cell):
    """Return a cell that says to be a long form of its own site."""
    return {**cell, "long_of": cell["site"]}


def without_twin():
    """Return a bundle whose group has no control."""
    return bundled(ratios={cell: ratio for cell, ratio in RATIOS.items() if cell != TWIN})


def test_good_bundle_keeps_all_rules(good):
    assert find_broken(good) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"platform": "Linux-5.14.0-427.el9.aarch64-aarch64-with-glibc2.34"},
        {"platform": "macOS-14.5-arm64-arm-64bit"},
        {"platform": "Windows-11-10.0.22631-SP0"},
        {"cpu_model": "Intel(R) Xeon(R) CPU @ 2.20GHz"},
        {"cpu_model": ""},
        {"python": "CPython 3.13.0 free-threaded"},
        {"hostname": "lxml"},
    ],
)
def test_honest_machines_are_let_in(changes):
    """Whatever they are called; a host may even be named after a parser."""
    assert find_broken(bundled(machine=replace(REAL, **changes))) == []


@pytest.mark.parametrize(
    "reason",
    [
        "wrong answer: rank 1 is missing (calibration, in warmup 1)",
        "ClientError: 127.0.0.1:8000 refused; see /subject/1292052/",
        "TypeError: <class 'aiohttp.ClientSession'> takes no 1.2.3",
        "FileNotFoundError: /home/anna/secret/crawl.py on annas-laptop",
        "ask anna@example.org or http://intranet.example.org/page",
    ],
)
def test_reason_of_a_failure_is_cleaned_and_let_in(reason):
    found = bundled(failures=[Failure(FAST.name, 6, reason, "Traceback: /home/anna/x.py")])
    assert find_broken(found) == []
    text = msgspec.json.encode(found.content).decode()
    assert not any(one in text for one in ("anna", "intranet", "Traceback", "<class"))


def test_words_of_others_are_not_shown(good):
    """Neither the name of a process, nor a governor, nor the folders of a file."""
    known = Conditions(0.1, ("another process",), None, "performance", None)
    assert find_broken(bundled(conditions=known)) == []

    def tell(**changes):
        session = replace(good.content.session, conditions=replace(known, **changes))
        return " ".join(find_broken(seal(msgspec.structs.replace(good.content, session=session))))

    assert "names the busy process 'aiohttp cheats'" in tell(busy=("aiohttp cheats",))
    assert "cannot be shown in a table" in tell(governor="<b>")


def test_version_of_four_numbers_is_no_address():
    """Some libraries have such versions; an address anywhere else is still one."""
    versions = {**REAL.versions, "aiohttp": "12.1.3.1"}
    assert find_broken(bundled(machine=replace(REAL, versions=versions))) == []
    named = {**REAL.versions, "12.1.3.1": "1"}
    found = find_broken(bundled(machine=replace(REAL, versions=named)))
    assert any("it reveals an address" in one for one in found)


@pytest.mark.parametrize("event_loop", ["uvloop", "rloop"])
def test_version_of_a_loop_is_asked_for(event_loop):
    """As is that of a parser: the row's ratio is theirs as much as the client's."""
    versions = {name: "1" for name in REAL.versions if name != "uvloop"}
    ratios = {BASE: 1, TWIN: 1, replace(FAST, event_loop=event_loop, parser="lxml"): 0.5}
    found = bundled(ratios=ratios, machine=replace(REAL, versions=versions))
    text = " ".join(find_broken(found))
    assert f"it does not give the version of lxml, {event_loop}" in text


def test_session_that_says_to_be_a_part_is_measured_like_it():
    """A part's name alone would pool it with the matrix."""
    found = seal(make_bundle(measured(), "clients").content)
    text = " ".join(find_broken(found))
    assert "it claims to be the part 'clients', but its long_forms is" in text


def test_suite_that_is_called_like_a_part_is_none():
    """`crawlbench run clients` asks more than the part of that name, with other rounds."""
    session = measured()
    for suite, name in (("clients", "run-clients"), ("quick", "quick"), ("x/mine.toml", "mine")):
        made = make_bundle(replace(session, plan=replace(session.plan, suite=suite)))
        assert made.content.session.plan.suite == name
        assert find_broken(made) == []
        begins = {"mine": "default"}.get(name, suite)
        assert made.content.command.startswith(f"crawlbench run {begins} ")


@pytest.mark.parametrize("name", ["aiohttp-gather", "tuned.py"])
def test_code_that_changed_since_it_was_measured_is_not_submitted(tmp_path, name):
    """A bundle would show what was not measured: an edited file, or a strategy that was updated."""
    path = tmp_path / "tuned.py"
    path.write_text('"""Ours."""\n', encoding="utf-8")
    session = measured(ratios={BASE: 1, TWIN: 1, replace(FAST, strategy=name): 0.4})
    files = {"tuned.py": OwnFile(str(path), str(path))} if name == "tuned.py" else {}
    session = replace(session, plan=replace(session.plan, files=files))
    digest = make_bundle(session).content.strategies[name].digest
    assert find_broken(make_bundle(replace(session, codes={name: digest}))) == []
    with pytest.raises(UsageError, match=f"the code of '{name}' has changed since"):
        make_bundle(replace(session, codes={name: "0" * 64}))


def test_file_is_not_called_by_its_folders(tmp_path):
    path = tmp_path / "tuned.py"
    path.write_text('"""Ours."""\n', encoding="utf-8")
    label = "../home/ana/tuned.py"
    session = measured(ratios={BASE: 1, TWIN: 1, replace(FAST, strategy=label): 0.4})
    files = {label: OwnFile(str(path), str(path))}
    found = make_bundle(replace(session, plan=replace(session.plan, files=files)))
    assert any("is named with its folders" in one for one in find_broken(found))


def test_busy_processes_and_environments_are_not_named():
    """How many there were is told; what they are called, and where Python lies, is nobody's."""
    found = bundled(
        conditions=Conditions(0.1, ("secret-game",), None, None, None),
        environments=(
            EnvironmentFacts(
                Environment("py", python="3.13"),
                key="k",
                executable="/home/anna/bin/python",
                library="/home/anna/lib",
                python="CPython 3.13.0",
            ),
        ),
    )
    assert find_broken(found) == []
    text = msgspec.json.encode(found.content).decode()
    assert "another process" in text
    assert not any(one in text for one in ("secret-game", "anna"))


def test_changed_digit_breaks_the_digest(good):
    """Whether of a value or of a conclusion; so does a changed digest."""
    data = msgspec.to_builtins(good)
    one_slower(data["content"])
    (sentence,) = find_broken(msgspec.convert(data, type(good)))
    assert "it was edited" in sentence
    (sentence,) = find_broken(msgspec.structs.replace(good, digest="0" * 64))
    assert "it was edited" in sentence


def test_changed_digit_under_a_new_digest_is_seen_by_its_claims(good):
    """Who seals an edited bundle again claims what its values do not show."""
    assert "its values show" in find_broken(tampered(good, one_slower))[0]
    claim = edit(("claims", 0, "estimate"), lambda one: one - 0.1)
    assert "its values show" in find_broken(tampered(good, claim))[0]
    verdict = edit(("claims", 0, "verdict"), "slower")
    assert "it claims slower" in find_broken(tampered(good, verdict))[0]
    assert "it claims nothing" in find_broken(tampered(good, edit(("claims",), [])))[0]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("session", "machine", "hostname"), "annas-laptop", "it names the host 'annas-laptop'"),
        (("session", "machine", "platform"), "Linux-6.8-annas", "says more than system"),
        (("session", "machine", "cpu_model"), "box.example.org", "a name that no maker would use"),
        (("session", "machine", "cpu_model"), "<script>", "a name that no maker would use"),
        (("session", "machine", "python"), "/home/anna/bin/python", "it reveals a path"),
        (("command",), "crawlbench run C:\\Users\\anna\\x.toml", "it reveals a path"),
        (("command",), "crawlbench run ~/x.toml", "it reveals a path"),
        (("command",), "# anna@example.org", "an address of a person"),
        (("command",), "# http://example.org/", "an address"),
        (("command",), "# measured on 10.1.2.3", "an address"),
        (("command",), "# measured on anna.local", "a host's name"),
        (("session", "plan", "suite"), "<script>alert(1)</script>", "cannot be shown in a table"),
        (("session", "networks", "<b>"), {}, "cannot be shown in a table"),
        (("session", "machine", "versions", "<i>"), "1", "cannot be shown in a table"),
        (("sites", "douban-top250"), "0" * 64, "another site was measured"),
        (("sites",), {}, "the bundle says nothing: another site"),
        (("strategies", "aiohttp-gather", "digest"), "0" * 64, "other code was measured"),
        (("strategies",), {}, "does not say what code"),
        (("session", "ending"), "interrupted", "was not finished (interrupted)"),
        (("session", "ending"), "", "was not finished (no end)"),
        (("session", "created"), "2999-01-01T00:00:00+00:00", "in the future"),
        (("session", "created"), "yesterday", "not created at"),
        (("session", "created"), "2026-W46-6T00:00:00+00:00", "not how crawlbench writes a date"),
        (("session", "created"), "2026-11-01<00:00:00+00:00", "not how crawlbench writes a date"),
        (("session", "created"), "2026-11-01T05:00:00+14:00", "not how crawlbench writes a date"),
        (("session", "created"), "0001-01-01T00:00:00+23:59", "not how crawlbench writes a date"),
        (("rounds", 0, "started"), "<script>", "not how crawlbench writes a date"),
        (("session", "networks", "wan@soon"), {}, "numbers for 'wan@soon', which was not measured"),
        (("session", "models", "gone"), "threads", "a model for 'gone', which was not measured"),
        (("session", "ceilings", "<b>"), 1.0, "a ceiling for '<b>', which was not measured"),
        (("session", "resting", "<b>"), 2, "rest for '<b>', which was not measured"),
        (("sites", "<b>"), "", "the digest of '<b>', which was not measured"),
        (("strategies", "<b>"), {"digest": ""}, "code of '<b>', which was not measured"),
        (("strategies", "aiohttp-gather", "text"), "pass", "which comes with crawlbench"),
        (("session", "machine", "versions", "columns"), "/home/anna/x", "it reveals a path"),
        (
            ("rounds", 0, "columns", "figures"),
            [{"/home/anna/x": 1.0}] * 10,
            "it reveals a path",
        ),
        (("session", "tool"), "0.0.1", "measured by crawlbench 0.0.1"),
        (("session", "ceilings"), {}, "no ceiling"),
        (("session", "machine", "versions"), {"pyperf": "1"}, "the version of aiohttp"),
        (("session", "ending"), "budget", "no session of its plan does"),
        (("session", "ending"), "nothing left", "no session of its plan does"),
        (("session", "plan", "confidence"), 0.9999, "hold at 0.9999, those of the table at 0.95"),
        (("session", "plan", "baselines", GROUP), TWIN.name, "a baseline is not a plain cell"),
        (("session", "plan", "cells", 1, "parser"), "lxml", "not its baseline's twin"),
        (("session", "plan", "cells", 3), edited_long, "a group without one"),
        (("session", "plan", "cells", 3, "concurrency"), 100, "10 and 100 requests at a time"),
        (("session", "networks", "loopback", "round_trip_s"), 0.001, "has round_trip_s 0.001"),
        (("session", "machine", "versions", "aiohttp"), "<i>1</i>", "cannot be shown in a table"),
        (("session", "machine", "versions", "aiohttp"), "", "the version of aiohttp"),
        (("session", "machine", "python"), "<b>3", "cannot be shown in a table"),
        (("rounds", 0, "columns", "requests", 0), 0, "made 0 requests in 2 crawls; a right crawl"),
        (("rounds", 0, "columns", "requests", 0), 21, "made 21 requests in 2 crawls"),
        (("rounds", 0, "columns"), {"lap": [0]}, "do not fit its plan"),
        (("rounds", 0, "columns", "cell", 0), 99, "there is no cell 99"),
        (("rounds", 0, "columns", "cell", 0), -1, "there is no cell -1"),
        (("rounds", 0, "columns", "colour"), [1], "samples have no 'colour'"),
        (("rounds", 0, "columns", "lap"), [1], "do not fit its plan"),
        (("rounds", 0, "columns", "seconds", 0), -1.0, "do not fit its plan"),
        (("rounds", 0, "number"), 7, "not numbered from 1"),
    ],
)
def test_each_rule_has_its_sentence(good, path, value, sentence):
    """A forger may seal it again: the rules are held all the same."""

    def change(content):
        place = content
        for key in path[:-1]:
            if isinstance(place[key], tuple):
                place[key] = list(place[key])
            place = place[key]
        place[path[-1]] = value(place[path[-1]]) if callable(value) else value

    found = find_broken(tampered(good, change))
    assert any(sentence in one for one in found), found


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("aiohttp-gather", "<script>alert(1)</script>", "cannot be shown in a table"),
        ("aiohttp-gather", "\u202egather", "cannot be shown in a table"),
        ("none", "mine.py", "the parser 'mine.py' does not come with crawlbench"),
        ("asyncio", "mine:loop", "the event loop 'mine:loop' does not come with"),
        ("loopback", "mine.toml", "the network 'mine.toml' does not come with"),
        ("loopback", "wan@soon", "the network 'wan@soon' does not come with"),
        ("loopback", "wan@9999999s", "the network 'wan@9999999s' does not come with"),
        ("douban-top250", "douban-x1000000", "the site 'douban-x1000000' does not come with"),
        ("douban-top250", "douban-x0", "the site 'douban-x0' does not come with"),
        ("douban-top250", "mine.toml", "the site 'mine.toml' does not come with"),
    ],
)
def test_label_of_a_stranger_is_refused(good, old, new, sentence):
    found = find_broken(tampered(good, rename(old, new)))
    assert any(sentence in one for one in found), found


@pytest.mark.parametrize("kind", registry.Kind)
def test_what_another_package_plugs_in_does_not_come_with_crawlbench(monkeypatch, kind):
    """Even an event loop, whose module is never ours; what is ours stays so beside it."""
    theirs = EntryPoint("theirs", "zzz:thing", kind.value)._for(distribution("pytest"))
    found = [theirs, *registry.points_of(kind.value)]
    monkeypatch.setattr(registry, "points_of", lambda _: found)
    registry._points.cache_clear()
    shipped = {name for name in registry.names(kind) if is_shipped(kind, name)}
    registry._points.cache_clear()
    assert "theirs" not in shipped
    usual = {
        registry.Kind.EVENT_LOOP: {"asyncio", "uvloop", "rloop"},
        registry.Kind.STRATEGY: {"aiohttp-gather", "requests-serial"},
        registry.Kind.PARSER: {"lxml", "none"},
        registry.Kind.SITE: {"douban-top250"},
    }
    assert shipped >= usual[kind]


def test_group_without_a_control_is_refused():
    assert any("has no control" in one for one in find_broken(without_twin()))


def test_control_that_was_hardly_measured_is_refused(good):
    """A control in the plan alone shows nothing."""
    place = [cell.name for cell in good.content.session.plan.cells].index(TWIN.name)

    def drop(content):
        for kept in content["rounds"]:
            stays = [n for n, cell in enumerate(kept["columns"]["cell"]) if cell != place]
            for name, column in kept["columns"].items():
                kept["columns"][name] = [column[n] for n in stays]

    assert any("has no control" in one for one in find_broken(tampered(good, drop)))


def test_few_rounds_are_refused():
    assert any("it has 3 rounds; 5 or more" in one for one in find_broken(bundled(rounds=3)))


def test_tuned_strategy_shows_its_code(tmp_path):
    """It is let in with its file, and refused without it or with another."""
    from crawlbench.reference.rules import is_tuned

    path = tmp_path / "tuned.py"
    path.write_text('"""Ours, with a larger pool: ask anna@example.org."""\n', encoding="utf-8")
    session = measured(ratios={BASE: 1, TWIN: 1, replace(FAST, strategy="tuned.py"): 0.4})
    files = {"tuned.py": OwnFile(str(path), str(path))}
    found = make_bundle(replace(session, plan=replace(session.plan, files=files)))
    assert find_broken(found) == []
    assert is_tuned(found.content, replace(BASE, strategy="tuned.py"))
    assert not is_tuned(found.content, BASE)
    assert str(tmp_path) not in msgspec.json.encode(found.content).decode()
    for text, sentence in (("", "is not what its digest says"), ("pass\n", "not what its digest")):
        other = tampered(found, edit(("strategies", "tuned.py", "text"), text))
        assert any(sentence in one for one in find_broken(other))


def test_environment_with_variables_tunes_its_own_rows_alone(good):
    """What others of the same session are measured in is as it comes."""
    from crawlbench.base.records import Environment, EnvironmentFacts
    from crawlbench.reference.rules import is_tuned

    environments = (
        EnvironmentFacts(Environment("plain")),
        EnvironmentFacts(Environment("set", variables={"A": "b"})),
        EnvironmentFacts(Environment("flagged", flags=("-O",))),
    )
    session = replace(good.content.session, environments=environments)
    content = msgspec.structs.replace(good.content, session=session)
    tuned = {
        name: is_tuned(content, replace(BASE, environment=name))
        for name in ("", "plain", "set", "flagged")
    }
    assert tuned == {"": False, "plain": False, "set": True, "flagged": True}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"checkouts": ["/projects/aiohttp"]}, "made from '/projects/aiohttp'"),
        ({"checkouts": ["aiohttp"]}, "made from 'aiohttp'"),
        ({"python": "/projects/python"}, "made from '/projects/python'"),
        ({"packages": ["aiohttp @ git+ssh://host/fork"]}, "made from 'aiohttp @ git+ssh"),
        ({"python": "3.13", "packages": ["aiohttp==3.9.5", "uvloop>=0.20,!=0.21.0"]}, ""),
        ({"python": "3.14t", "packages": ["httpx[http2]"], "flags": ["-X", "gil=0"]}, ""),
    ],
)
def test_environment_of_software_that_only_one_machine_has_is_refused(good, asked, told):
    """A fork has the version of what it was forked from, and would stand in its row."""
    one = {"name": "theirs", **asked}
    for place in (("plan", "environments"), ("environments",)):
        told_of = [one] if place[0] == "plan" else [{"asked": one}]
        found = find_broken(tampered(good, edit(("session", *place), told_of)))
        assert any("so nobody could measure it again" in text for text in found) == bool(told)
        assert not told or any(told in text for text in found), found


def test_same_session_makes_the_same_bytes(good):
    """So that a bundle that was made twice is one file."""
    assert encode_bundle(good) == encode_bundle(bundled())
    assert decode_bundle(encode_bundle(good), "it") == good


@pytest.mark.parametrize(
    "path",
    [*sorted(MATRICES.glob(f"*/*{ENDING}")), *sorted(REFERENCE.glob(f"*{ENDING}"))],
    ids=lambda path: path.name,
)
def test_published_bundle_keeps_its_digest(path):
    """A field that a session or a plan got later does not change what was published before."""
    bundle = load_bundle(path)
    assert digest_of(bundle.content) == bundle.digest
