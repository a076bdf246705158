"""What the step tells, for each way in which a comparison can end; crawlbench itself is played."""

from __future__ import annotations

import json

import pytest

from tests.ci.steps import obeyed, run_compare, stand_in

HOSTILE = "a\n::error::no\r::set-output name=verdict::passed %0A``` <b>@everyone</b> $(id) `id` #1"


@pytest.fixture
def play(tmp_path):
    """Return a function that runs the step, with `crawlbench ab` ending as it is told."""
    for side in ("base", "head"):
        (tmp_path / side).mkdir()
    python = stand_in(tmp_path)

    def call(code=0, sentence="head is the same as base.", inputs=None, **act):
        answer = {"code": code, "sentence": sentence, "is_extended": False, "changes": []}
        files = {"answer.json": json.dumps({**answer, **act.pop("answer", {})})}
        files["table.md"] = f"**{sentence}**\n\n### head against base\n"
        plan = {"ab": {"code": code, "files": files, **act.pop("ab", {})}, **act}
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        asked = {"base": "base", "head": "head", "calibrate": "false", **(inputs or {})}
        return run_compare(tmp_path, python=python, **asked)

    return call


def calls(folder):
    return [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("code", "verdict", "ends", "level"),
    [
        (0, "passed", 0, "notice"),
        (1, "slower", 1, "error"),
        (3, "unclear", 0, "warning"),
        (4, "invalid", 1, "error"),
    ],
)
def test_each_answer_has_its_end(play, code, verdict, ends, level):
    changes = [{"verdict": verdict, "base_s": 1.0, "reason": "its words"}]
    step = play(code, f"head against base: {verdict}.", answer={"changes": changes})
    assert step.code == ends, step.log
    assert step.outputs["verdict"] == verdict
    assert step.outputs["code"] == str(code)
    assert step.outputs["sentence"] == f"head against base: {verdict}."
    assert step.outputs["folder"].endswith("session")
    assert step.summary.startswith(f"**head against base: {verdict}.**")
    lines = step.comment.splitlines()
    assert lines[0] == "<!-- crawlbench: crawlbench -->"
    assert lines[1] == f"### crawlbench: {verdict}"
    assert obeyed(step.log) == [
        f"::{level} title=crawlbench::{verdict}: head against base: {verdict}."
    ]


def test_unclear_fails_where_that_is_asked(play):
    step = play(3, inputs={"unclear": "fail"})
    assert step.code == 1
    assert step.outputs["verdict"] == "unclear"


def test_extension_is_told(play):
    assert "a second time as long" in play(3, answer={"is_extended": True}).comment


@pytest.mark.parametrize("side", ["base", "head"])
def test_side_that_cannot_be_built_is_named(play, side):
    words = f"environment '{side}' (/x/{side}) cannot be built: uv says: no"
    step = play(ab={"code": 4, "files": {}, "err": f"building\ncrawlbench: {words}\n"})
    assert step.code == 1
    assert step.outputs["verdict"] == "invalid"
    assert step.outputs["folder"] == ""
    other = "The base cannot be measured, so that" if side == "base" else "The head cannot be"
    assert step.outputs["sentence"].startswith(other)
    assert step.outputs["sentence"].endswith(words)
    assert words in step.summary
    assert words in step.comment


@pytest.mark.parametrize(
    ("base_s", "reason"),
    [
        (None, "RuntimeError: no"),
        (None, "its baseline aiohttp-gather/asyncio is invalid"),
        (0.1, "its baseline aiohttp-gather/asyncio is invalid"),
        (0.1, "the control is invalid, so the noise here is not known"),
    ],
)
def test_base_whose_cells_are_invalid_is_named(play, base_s, reason):
    """Also where the head is well, and where it was the base's twin that failed."""
    changes = [
        {"verdict": "same", "base_s": 0.1, "reason": ""},
        {"verdict": "invalid", "base_s": base_s, "reason": reason},
    ]
    sentence = f"head against base is invalid: x: {reason}."
    step = play(4, sentence, answer={"changes": changes})
    lead = "The base cannot be measured, so that the head has nothing to be held against"
    assert step.code == 1
    assert step.outputs["sentence"] == f"{lead}: {sentence}"
    assert f"\n{lead}\n" in step.summary
    assert f"\n{lead}\n" in step.comment


def test_interrupted_session_is_told_with_what_it_has(play):
    step = play(130, "head is slower than base.", answer={"verdict": "interrupted"})
    assert step.code == 130
    assert step.outputs["verdict"] == "interrupted"
    lead = "Interrupted, so that this is not all"
    assert step.outputs["sentence"] == f"{lead}: head is slower than base."
    assert lead in step.comment
    assert "### head against base" in step.comment
    assert step.comment.splitlines()[1] == "### crawlbench: interrupted"
    assert obeyed(step.log)[0].startswith("::error title=crawlbench::interrupted: Interrupted, so")


def test_session_that_broke_says_nothing_of_the_head(play):
    """As when the mirror died: what was measured before is no answer."""
    changes = [{"verdict": "same", "base_s": 0.1, "reason": ""}]
    answer = {"verdict": "invalid", "reason": "the session was\nnot finished", "changes": changes}
    step = play(4, "head is the same as base.", answer=answer)
    assert step.code == 1
    assert step.outputs["verdict"] == "invalid"
    lead = "Nothing can be said (the session was not finished)"
    assert step.outputs["sentence"] == f"{lead}: head is the same as base."
    assert lead in step.summary


def test_crash_is_not_slower(play):
    """Python's own exit code for a traceback is 1, as is the gate's."""
    step = play(ab={"code": 1, "files": {}, "err": "Traceback:\nValueError: no\n"})
    assert step.code == 1
    assert step.outputs["verdict"] == "invalid"
    assert step.outputs["sentence"] == "ValueError: no"


def test_exit_code_and_answer_must_agree(play):
    step = play(ab={"code": 4, "err": "crawlbench: the mirror died\n"})
    assert step.outputs["verdict"] == "invalid"
    assert step.outputs["sentence"] == "the mirror died"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"code": 0}', "[" * 100_000])
def test_broken_answer_is_invalid(play, text):
    step = play(ab={"files": {"answer.json": text}})
    assert step.outputs["verdict"] == "invalid"
    assert step.code == 1


def test_wrong_inputs_are_usage(play):
    for name, value in {"unclear": "maybe", "calibrate": "x", "name": "a --> b"}.items():
        step = play(inputs={name: value})
        assert step.code == 2, name
        assert value in step.outputs["sentence"]
    step = play(inputs={"base": " "})
    assert step.code == 2
    assert "input base is empty" in step.outputs["sentence"]
    assert play(ab={"code": 2, "files": {}, "err": "crawlbench: unknown strategy\n"}).code == 2


def test_hostile_words_stay_words(play):
    """They cannot set outputs, give the runner commands, or leave a comment's text."""
    step = play(1, HOSTILE, ab={"out": HOSTILE + "\n::add-mask::x", "err": "::error::y"})
    assert step.outputs["sentence"] == " ".join(HOSTILE.split())
    assert step.outputs["verdict"] == "slower"
    (command,) = obeyed(step.log)
    assert command.startswith("::error title=crawlbench::slower: a ::error::no ::set-output")
    assert "%250A" in command
    assert "@everyone" not in step.comment
    assert "#1" not in step.comment
    step = play(ab={"code": 4, "files": {}, "err": HOSTILE.replace("\n", " ").replace("\r", " ")})
    assert "````text\n" in step.comment


def test_what_is_measured_sees_nothing_of_the_service(play, tmp_path):
    play()
    ((words, names),) = calls(tmp_path)
    assert not [name for name in names if name.startswith(("GITHUB_", "INPUT_", "ACTIONS_"))]
    assert words[3] == "ab"


def test_inputs_become_words_and_nothing_else(play, tmp_path):
    odd = tmp_path / "a 'b' $(touch x); `id` & <c> *"
    odd.mkdir()
    asked = {
        "base": odd.name,
        "head": "uvloop==0.21.0 -X gil=0",
        "strategies": "aiohttp-gather\n\n  my crawl.py\n",
        "loops": "asyncio",
        "concurrency": "10\n20",
        "margin": "2",
        "fail-on": "slower:5%",
        "with": "python=3.12",
        "args": "--rounds\n3\n$(touch y)",
    }
    play(inputs=asked)
    ((words, _),) = calls(tmp_path)
    assert words[5:] == [
        *("--name=base", "--name=uvloop==0.21.0 -X gil=0"),
        *("--strategy=aiohttp-gather", "--strategy=my crawl.py", "--loop=asyncio"),
        *("--concurrency=10", "--concurrency=20", "--margin=2", "--with=python=3.12"),
        *("--fail-on=slower:5%", "--extend", "--rounds", "3", "$(touch y)", "--"),
        "'" + str(odd).replace("'", "'\"'\"'") + "'",
        "uvloop==0.21.0 -X gil=0",
    ]
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / "y").exists()


@pytest.mark.parametrize(
    ("base", "head", "names"),
    [
        ("base/python", "head/python", ("base", "head")),
        ("./base/python -O", "head/python", ("base", "head")),
        ("yarl==1.9", "yarl", ("yarl==1.9", "yarl")),
        ("yarl", " yarl", ("base", "head")),
        ("base", "yarl\u202e", ("base", "head")),
    ],
)
def test_sides_have_names_of_their_own(play, tmp_path, base, head, names):
    """With one `path` in both checkouts, the folders' own names would be one."""
    for side in ("base", "head"):
        (tmp_path / side / "python").mkdir(parents=True)
    play(inputs={"base": base, "head": head})
    ((words, _),) = calls(tmp_path)
    assert [w for w in words if w.startswith("--name=")] == [f"--name={name}" for name in names]


def test_margin_is_found_first(play, tmp_path):
    step = play(inputs={"calibrate": "true"})
    assert [words[3] for words, _ in calls(tmp_path)] == ["aa", "ab"]
    assert step.code == 0


def test_margin_that_is_given_needs_no_calibration(play, tmp_path):
    play(inputs={"calibrate": "true", "margin": "3"})
    assert [words[3] for words, _ in calls(tmp_path)] == ["ab"]


@pytest.mark.parametrize(
    ("aa", "why"),
    [({"code": 4, "err": "crawlbench: no\n"}, "(no)"), ({"sleep": 60}, "(not done in 0.5 s)")],
)
def test_calibration_that_fails_is_told_and_no_more(play, aa, why):
    step = play(inputs={"calibrate": "true", "calibrate-seconds": "0.5"}, aa=aa)
    assert step.code == 0
    warning, notice = obeyed(step.log)
    assert warning.startswith("::warning title=crawlbench::this machine's margin could not be")
    assert why in warning
    assert notice.startswith("::notice")


def test_huge_table_fits_a_comment(play):
    rows = "| ü | @x |\n" * 20_000
    step = play(ab={"files": {"answer.json": "{}", "table.md": rows}})
    assert len(step.comment.encode()) < 65_536
    answer = {"code": 0, "sentence": "s", "is_extended": False, "changes": []}
    step = play(ab={"files": {"answer.json": json.dumps(answer), "table.md": rows}})
    assert len(step.comment.encode()) <= 64_000
    assert "(The rest is in the session's artifact.)" in step.comment
    assert step.comment.endswith("are an artifact of the run.\n")


def test_crawlbench_that_is_not_there_is_told(tmp_path):
    for side in ("base", "head"):
        (tmp_path / side).mkdir()
    step = run_compare(tmp_path, python=tmp_path / "gone", base="base", head="head", margin="2")
    assert step.code == 1
    assert "No such file" in step.outputs["sentence"]
    assert step.outputs["verdict"] == "invalid"
