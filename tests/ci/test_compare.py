"""What the step tells, for each way in which a comparison can end; crawlbench itself is played."""

from __future__ import annotations

import json
import runpy
import sys

import pytest

from tests.ci.steps import ROOT, obeyed, run_compare

HOSTILE = "a\n::error::no\r::set-output name=verdict::passed %0A``` <b>@everyone</b> $(id) `id` #1"


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
    assert "for as long again" in play(3, answer={"is_extended": True}).comment


@pytest.mark.parametrize(
    ("words", "code", "ends"),
    [
        (" (/x) cannot be built: uv says: no", 4, 1),
        (": '/x' cannot be installed: it is not a wheel", 2, 2),
    ],
)
@pytest.mark.parametrize("side", ["base", "head"])
def test_side_that_cannot_be_built_is_named(play, side, words, code, ends):
    words = f"environment '{side}'{words}"
    step = play(ab={"code": code, "files": {}, "err": f"building\ncrawlbench: {words}\n"})
    assert step.code == ends
    assert step.outputs["verdict"] == "invalid"
    assert step.outputs["folder"] == ""
    other = "The base cannot be measured, so there" if side == "base" else "The head cannot be"
    assert step.outputs["sentence"].startswith(other)
    assert step.outputs["sentence"].endswith(words)
    assert words in step.summary
    assert words in step.comment


@pytest.mark.parametrize(("base_s", "failed"), [(None, "head"), (None, "base"), (0.1, "base")])
def test_base_whose_cells_are_invalid_is_named(play, base_s, failed):
    """Also where the head is well, and where it was the base's twin that failed."""
    changes = [
        {"verdict": "same", "base_s": 0.1, "reason": ""},
        {"verdict": "invalid", "base_s": base_s, "reason": "no", "failed": failed},
    ]
    sentence = "head against base is invalid: x: no."
    step = play(4, sentence, answer={"changes": changes})
    lead = "The base cannot be measured, so there is nothing to compare the head with"
    assert step.code == 1
    assert step.outputs["sentence"] == f"{lead}: {sentence}"
    assert f"\n{lead}\n" in step.summary
    assert f"\n{lead}\n" in step.comment


def test_interrupted_session_is_told_with_what_it_has(play):
    step = play(130, "head is slower than base.", answer={"verdict": "interrupted"})
    assert step.code == 130
    assert step.outputs["verdict"] == "interrupted"
    lead = "Interrupted, so this is not everything"
    assert step.outputs["sentence"] == f"{lead}: head is slower than base."
    assert lead in step.comment
    assert "### head against base" in step.comment
    assert step.comment.splitlines()[1] == "### crawlbench: interrupted"
    assert obeyed(step.log)[0].startswith("::error title=crawlbench::interrupted: Interrupted, so")


def test_operation_that_the_head_lost_is_said_to_be(play):
    changes = [
        {"verdict": "same", "base_s": 0.1, "reason": ""},
        {"verdict": "not supported", "base_s": 0.1, "reason": "no"},
        {"verdict": "not supported", "base_s": None, "reason": "no"},
    ]
    sentence = "head against base is not supported in 2 of 3 cells: x: no."
    answer = {"reason": "1 of 3 cells is invalid", "changes": changes}
    step = play(4, sentence, answer=answer)
    assert step.code == 1
    lead = "The head does not have what the base has"
    assert step.outputs["sentence"] == f"{lead}: {sentence}"
    assert lead in step.comment


def test_operation_that_neither_side_has_says_nothing(play):
    changes = [{"verdict": "not supported", "base_s": None, "reason": "no"}]
    answer = {"reason": "nothing that was measured can be judged", "changes": changes}
    step = play(4, "s", answer=answer)
    reason = "nothing that was measured can be judged"
    assert step.outputs["sentence"] == f"Nothing can be said ({reason}): s"


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
    for name, value in {"unclear": "maybe", "name": "a --> b"}.items():
        step = play(inputs={name: value})
        assert step.code == 2, name
        assert value in step.outputs["sentence"]
    for folder in (".", "..", "/"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("INPUT_OUTPUT", folder)
            step = play()
        assert step.code == 2, folder
        assert f"input output {folder!r} cannot be used" in step.outputs["sentence"]
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


def test_runner_without_a_place_for_what_is_temporary_is_told(tmp_path):
    gone = tmp_path / "gone"
    step = run_compare(tmp_path, python="unused", temporary=gone, base="yarl==1.9", head="yarl")
    assert step.code == 1
    assert str(gone) in step.outputs["sentence"]
    assert step.outputs["verdict"] == "invalid"
    assert step.outputs["comment"] == step.outputs["folder"] == ""


def test_old_python_is_told_what_would_work(monkeypatch):
    """Before it meets what it cannot read."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"Python 3.9.2 is too old .* with 3.11"):
        runpy.run_path(str(ROOT / "ci" / "compare"))
