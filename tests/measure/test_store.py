"""A session's folder: whole or not there, and believed only if it holds together."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import fields, replace
from pathlib import Path

import pyperf
import pytest
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

from crawlbench.base import storage
from crawlbench.base.errors import SessionFileError, StorageError, UsageError
from crawlbench.base.records import FORMAT, Ending, Failure, Sample, WarningNote
from crawlbench.base.storage import write_atomic, write_text
from crawlbench.measure import store
from crawlbench.measure.collect import encode_runs, label_run, merge_runs
from crawlbench.measure.decoding import ROUNDS_FILE
from crawlbench.measure.flaws import find_flaw
from crawlbench.measure.store import (
    RUNS_FILE,
    SESSION_FILE,
    SUITE_FILE,
    append_round,
    close_session,
    create_folder,
    load_runs,
    load_session,
    reopen_session,
    write_session,
    write_suite,
)
from crawlbench.stats.judge import judge

DISTURBED = Path(__file__).parent / "disturbed"
"""A session of format 1, cut down to the loopback group and three rounds."""
FAST, BROKEN = other("fast", "uvloop"), other("broken")
PLAN = make_plan(FAST, BROKEN, budget_s=60.0, precision=0.05)
FAILURE = Failure(BROKEN.name, 0, "wrong answer: 肖申克", detail="Traceback\n  \x00\x1b[31m🎬")

NO_PLACE = "a cell has no baseline, or neither network nor operation"
NO_COUNTS = {"cell", "warmup", "seconds", "loops", "figures"}


def finished(rounds=3, failures=(FAILURE,), factor=1.0, cells=(BASELINE, FAST, CONTROL)):
    """Return a judged session; each round's values are different."""
    laps = [
        {cell: [factor * (1 + n / 7 + k / 3), factor * (1 + n / 9)] for k, cell in enumerate(cells)}
        for n in range(rounds)
    ]
    return judge(make_session(PLAN, laps, failures, loops={FAST.name: 2}))


def runs_of(session, without=()):
    """Return the pyperf runs that belong to a session, by cell."""
    runs = {cell.name: [] for cell in session.plan.cells}
    for record in session.rounds:
        for cell in dict.fromkeys(s.cell for s in record.samples if s.cell not in without):
            values = [s.seconds for s in record.samples if s.cell == cell and not s.warmup]
            run = pyperf.Run(values, metadata={"name": cell, "loops": 2}, collect_metadata=False)
            runs[cell].append(label_run(run, record, cell))
    return runs


def suite_of(session, without=()):
    """Return the pyperf suite that belongs to a session."""
    return merge_runs(runs_of(session, without))


def measure(folder, session):
    """Write a session's folder as far as a run writes it round by round."""
    runs = runs_of(session)
    for number, record in enumerate(session.rounds):
        append_round(folder, record, {c: of_cell[number] for c, of_cell in runs.items() if of_cell})
    write_session(folder, session)
    return runs


def write_runs(folder, session):
    """Write the runs of a session as they are kept while it is measured."""
    runs = runs_of(session)
    lines = [
        encode_runs({c: [of_cell[n]] for c, of_cell in runs.items() if of_cell})
        for n in range(len(session.rounds))
    ]
    (folder / RUNS_FILE).write_bytes(b"".join(line + b"\n" for line in lines))


def tear(path, share):
    """Leave only the first part of a file's last line."""
    *before, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(before) + last[: int(len(last) * share)])


def write(folder, session):
    """Write a session's folder as a run would that came to its end."""
    close_session(folder, session, measure(folder, session))
    return folder


def complaint(folder):
    """Return what a folder that cannot be read is answered with, without its path."""
    with pytest.raises(SessionFileError) as caught:
        load_session(folder)
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(str(folder), "FOLDER")


def edit(folder, change, name=SESSION_FILE):
    """Change a file of a session by hand."""
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    change(content)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def edit_round(folder, number, change):
    """Change one line of a session's rounds by hand."""
    path = folder / ROUNDS_FILE
    lines = path.read_text(encoding="utf-8").splitlines()
    content = json.loads(lines[number])
    change(content)
    lines[number] = json.dumps(content)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a good session."""
    return write(tmp_path, finished())


class TestCreateFolder:
    """A session's folder is made in one step or not at all."""

    def test_new_folder_holds_the_session_and_nothing_else(self, tmp_path):
        """Missing parents are made; all may read it."""
        target = tmp_path / "a" / "b" / "session"
        session = make_session(PLAN, [])
        create_folder(target, session)
        assert load_session(target) == judge(session)
        assert [path.name for path in target.iterdir()] == [SESSION_FILE]
        assert list(target.parent.iterdir()) == [target]
        assert target.stat().st_mode & 0o777 == 0o755
        assert (target / SESSION_FILE).stat().st_mode & 0o777 == 0o644

    @pytest.mark.parametrize("kind", ["empty folder", "session", "file"])
    def test_existing_folder_is_refused_and_left_alone(self, tmp_path, kind):
        """Whatever stands there is somebody's."""
        target = tmp_path / "x"
        if kind == "file":
            target.write_text("mine")
        else:
            target.mkdir()
        if kind == "session":
            write_session(target, make_session(PLAN, []))
        before = sorted((p, p.is_file() and p.read_bytes()) for p in tmp_path.rglob("*"))
        with pytest.raises(UsageError) as caught:
            create_folder(target, finished())
        assert str(caught.value) == (
            f"the output folder {str(target)!r} exists already; name a new one with -o, "
            "or replace it with --force"
        )
        assert sorted((p, p.is_file() and p.read_bytes()) for p in tmp_path.rglob("*")) == before

    @pytest.mark.parametrize("below", ["session", "deeper/session"])
    def test_folder_below_a_file_is_refused(self, tmp_path, below):
        """A file has no children."""
        (tmp_path / "file").write_text("mine")
        target = tmp_path / "file" / below
        with pytest.raises(UsageError) as caught:
            create_folder(target, make_session(PLAN, []))
        assert str(caught.value) == (
            f"the output folder {str(target)!r} cannot be made: a file is in the way; "
            "name another with -o"
        )
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_dangling_link_is_refused(self, tmp_path):
        """It does not exist, yet its name is taken."""
        target = tmp_path / "link"
        target.symlink_to(tmp_path / "nowhere")
        with pytest.raises(UsageError, match="cannot be made: a file is in the way"):
            create_folder(target, make_session(PLAN, []))
        assert list(tmp_path.iterdir()) == [target]

    def test_unwritable_parent_is_refused(self, tmp_path, monkeypatch):
        """Permissions, as root cannot feel them."""

        def refuse(*arguments, **options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(tempfile, "mkdtemp", refuse)
        with pytest.raises(UsageError, match="cannot be made: Permission denied; name another"):
            create_folder(tmp_path / "session", make_session(PLAN, []))
        assert not list(tmp_path.iterdir())

    def test_endless_name_is_refused(self, tmp_path):
        """The system refuses to look."""
        with pytest.raises(UsageError, match="cannot be made: File name too long; name another"):
            create_folder(tmp_path / ("x" * 300), make_session(PLAN, []))
        assert not list(tmp_path.iterdir())

    def test_name_as_long_as_the_system_allows_is_good(self, tmp_path):
        """What is made on the way has a short name of its own."""
        create_folder(tmp_path / ("x" * 255), make_session(PLAN, []))

    def test_full_disk_leaves_nothing(self, tmp_path, monkeypatch):
        """The half-made folder is taken away."""

        def refuse(path, write):
            path.write_text("half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(storage, "write_atomic", refuse)
        with pytest.raises(UsageError, match="cannot be made: No space left on device"):
            create_folder(tmp_path / "session", make_session(PLAN, []))
        assert not list(tmp_path.iterdir())


class TestWriting:
    """Files are replaced whole."""

    def test_file_is_replaced_in_one_step(self, tmp_path):
        """The old content stays until the new is complete."""
        path = tmp_path / "x.txt"
        write_text(path, "old\n")

        def slow(draft):
            draft.write_text("new\n")
            assert path.read_text() == "old\n"
            assert draft.parent == path.parent  # a rename within one file system

        write_atomic(path, slow)
        assert path.read_text() == "new\n"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
    def test_error_leaves_the_old_file_and_no_temporary_one(self, tmp_path, error):
        """Ctrl-C included."""
        path = tmp_path / "x.txt"
        write_text(path, "old\n")

        def fail(draft):
            draft.write_text("half")
            raise error("planted")

        with pytest.raises(error, match="planted"):
            write_atomic(path, fail)
        assert path.read_text() == "old\n"
        assert list(tmp_path.iterdir()) == [path]

    def test_folder_in_the_place_of_a_file_leaves_no_temporary_one(self, tmp_path):
        """The last step may fail too."""
        (tmp_path / "x").mkdir()
        with pytest.raises(IsADirectoryError):
            write_text(tmp_path / "x", "text")
        assert [path.name for path in tmp_path.iterdir()] == ["x"]

    def test_text_is_utf8_with_unix_newlines(self, tmp_path):
        """On every system."""
        write_text(tmp_path / "x", "肖\n")
        assert (tmp_path / "x").read_bytes() == "肖\n".encode()

    @pytest.mark.parametrize(
        ("name", "write", "content"),
        [
            (SESSION_FILE, write_session, finished()),
            (SUITE_FILE, write_suite, suite_of(finished())),
        ],
    )
    def test_folder_that_is_gone_is_told_in_a_sentence(self, tmp_path, name, write, content):
        """A session's folder may be removed, or its disk be full, while it is measured."""
        folder = tmp_path / "gone"
        with pytest.raises(StorageError) as caught:
            write(folder, content)
        assert str(caught.value) == (
            f"{str(folder / name)!r} cannot be written: No such file or directory"
        )


class TestLoading:
    """What was written is read; what is doubtful is refused."""

    def test_full_session_comes_back_equal(self, folder):
        """Every field, to the last bit and the last character."""
        session = finished()
        assert load_session(folder) == session
        assert session.failures[0].detail == FAILURE.detail
        assert sorted(path.name for path in folder.iterdir()) == [
            ROUNDS_FILE,
            SESSION_FILE,
            SUITE_FILE,
        ]

    def test_session_without_rounds_needs_no_suite(self, tmp_path):
        """There is none before the first round, nor if no cell is valid."""
        nothing_left = [Failure(cell.name, 0, "crashed") for cell in PLAN.cells]
        for session in (make_session(PLAN, []), finished(0), finished(2, nothing_left)):
            shutil.rmtree(tmp_path)
            tmp_path.mkdir()
            write(tmp_path, session)
            assert load_session(tmp_path) == judge(session)

    @pytest.mark.parametrize("kind", ["missing", "empty", "file", "below a file"])
    def test_place_without_a_session_is_told_as_such(self, tmp_path, kind):
        """With what would be one."""
        target = tmp_path / "x"
        if kind == "empty":
            target.mkdir()
        elif kind != "missing":
            target.write_text("x")
        if kind == "below a file":
            target /= "y"
        reason = "it is a file" if kind == "file" else "it has no session.json"
        assert complaint(target) == (
            f"'FOLDER' is not a session: {reason}; give a folder that `crawlbench run` has made"
        )

    @pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
    def test_session_that_is_cut_off_is_refused(self, folder, share):
        """Wherever it ends."""
        path = folder / SESSION_FILE
        content = path.read_bytes().rstrip()
        path.write_bytes(content[: int(len(content) * share)])
        assert complaint(folder).startswith("'FOLDER/session.json' is not a whole session file: ")

    def test_session_without_its_last_byte_is_refused(self, folder):
        """The closing brace is missing."""
        path = folder / SESSION_FILE
        path.write_bytes(path.read_bytes().rstrip()[:-1])
        assert "is not a whole session file: Input data was truncated" in complaint(folder)

    @pytest.mark.parametrize(
        "content",
        [
            b"hello",
            b"[]",
            b"null",
            b"{}",
            b'{"format": "1"}',
            b'{"format": 2}',
            b'{"format": 2, "kept_rounds": -1.5}',
            b'{"format": 2, "warnings": [3]}',
            b'{"format": 2, "warnings": 3}',
            b'{"format": 2, "warnings": null}',
            b'{"format": 1}',
            b"\xff\xfe",
            b'{"format": 1, "tool": "\xff"}',
            b"\x00" * 1000,
            b'{"a":' + b"[" * 100_000,
            b"PK\x03\x04",
        ],
        ids=lambda content: repr(content[:12]),
    )
    def test_file_that_is_no_session_is_refused(self, folder, content):
        """JSON or not."""
        (folder / SESSION_FILE).write_bytes(content)
        assert complaint(folder).startswith("'FOLDER/session.json' is not a whole session file: ")

    @pytest.mark.parametrize("number", [0, 3, -1])
    def test_other_format_is_told_as_such(self, folder, number):
        """Before anything else of it is read."""
        (folder / SESSION_FILE).write_text(json.dumps({"format": number, "rounds": "strange"}))
        assert complaint(folder) == (
            f"'FOLDER/session.json' has format {number}, this crawlbench reads 1 to 2; "
            "use the version that wrote it"
        )

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "null", '"1"'])
    def test_value_that_is_no_number_is_refused(self, folder, number):
        """What Python's JSON writes for them is not JSON."""
        path = folder / ROUNDS_FILE
        second = path.read_text().splitlines()[1]
        old = json.dumps(json.loads(second)["samples"][4]["seconds"])
        path.write_text(path.read_text().replace(f'"seconds":{old}', f'"seconds":{number}', 1))
        assert complaint(folder).startswith("'FOLDER/rounds.jsonl' is not a whole file of rounds: ")

    @pytest.mark.parametrize(
        ("field", "value"), [("seconds", 0.0), ("seconds", -1.0), ("loops", 0), ("loops", -2)]
    )
    @pytest.mark.parametrize("place", [0, -1], ids=["warmup", "value"])
    def test_value_that_is_not_positive_is_refused(self, folder, field, value, place):
        """Warmups included."""
        edit_round(folder, 0, lambda r: r["samples"][place].update({field: value}))
        count = len(finished().rounds[0].samples)
        least = "`float` >= 1e-12" if field == "seconds" else "`int` >= 1"
        assert complaint(folder) == (
            f"'FOLDER/rounds.jsonl' cannot be right: Expected {least} - at "
            f"`$.samples[{place % count}].{field}`; it was edited or damaged"
        )

    @pytest.mark.parametrize(
        "name",
        [f.name for f in fields(Sample) if f.name not in NO_COUNTS],
    )
    def test_count_that_is_negative_is_refused(self, folder, name):
        """Whatever was counted."""
        edit_round(folder, 1, lambda r: r["samples"][-1].update({name: -1}))
        beyond = rf"cannot be right: Expected `(int|float)` >= 0.*\.{name}`"
        assert re.search(beyond, complaint(folder))

    @pytest.mark.parametrize(
        ("change", "flaw"),
        [
            (
                lambda s: s["plan"]["cells"].append(s["plan"]["cells"][1]),
                "two cells have the same name",
            ),
            (
                lambda s: s["plan"]["baselines"].clear(),
                NO_PLACE,
            ),
            (
                lambda s: s["plan"]["baselines"].update({BASELINE.group: "nobody"}),
                NO_PLACE,
            ),
            (
                lambda s: s["networks"].clear(),
                NO_PLACE,
            ),
            (
                lambda s: s["failures"][0].update(cell="nobody"),
                "there are results of a cell that is not in the plan",
            ),
            (lambda s: s.update(created=""), "it was not created at ''"),
            (
                lambda s: s["plan"].update(margin=1e300),
                "Expected `float` <= 100.0 - at `$.plan.margin`",
            ),
            (
                lambda s: s["machine"].update(memory_bytes=10**400),
                "Expected `int` <= 1000000000000000 - at `$.machine.memory_bytes`",
            ),
        ],
    )
    def test_session_that_contradicts_itself_is_refused(self, folder, change, flaw):
        """What a report would stumble over is found first."""
        edit(folder, change)
        assert complaint(folder) == (
            f"'FOLDER/session.json' cannot be right: {flaw}; it was edited or damaged"
        )

    @pytest.mark.parametrize(
        ("change", "flaw"),
        [
            (
                lambda r: r["samples"][-1].update(cell="nobody"),
                "there are results of a cell that is not in the plan",
            ),
            (lambda r: r.update(number=2), "rounds are not numbered from 1"),
            (
                lambda r: r.update(
                    anchors=[{"group": "g", "lap": 0, "computing_s": 0.001, "sending_s": 0.0}]
                ),
                "Expected `float` >= 1e-12 - at `$.anchors[0].sending_s`",
            ),
        ],
    )
    def test_round_that_cannot_be_right_is_refused(self, folder, change, flaw):
        """As what stands in the session's other file."""
        edit_round(folder, 0, change)
        assert f"cannot be right: {flaw}; it was edited or damaged" in complaint(folder)

    def test_what_was_concluded_is_drawn_anew_from_the_values(self, folder):
        """Conclusions are on disk for other readers; whoever edits them changes no verdict."""
        edit(folder, lambda s: s["summaries"][0].update(seconds=-0.5))
        edit(folder, lambda s: s["comparisons"].clear())
        assert load_session(folder) == finished()

    def test_what_values_do_not_tell_is_kept(self, folder):
        """That a mirror died."""
        session = finished()
        note = WarningNote("mirror", "the mirror died")
        write(folder, replace(session, warnings=(*session.warnings, note)))
        assert load_session(folder).warnings == (*session.warnings, note)

    @pytest.mark.parametrize("kept", [0, 2, 4])
    def test_rounds_are_those_that_the_session_counts(self, folder, kept):
        """Not those that are there: the last may be torn, or missing in what was damaged."""
        edit(folder, lambda s: s.update(kept_rounds=kept))
        if kept < 4:
            (folder / SUITE_FILE).unlink()
            edit(folder, lambda s: s.update(ending=""))
            write_runs(folder, finished())
            assert load_session(folder) == replace(finished(kept), ending=Ending.NONE)
        else:
            assert complaint(folder) == (
                "'FOLDER/rounds.jsonl' has 3 whole rounds of 4; the session is damaged"
            )

    def test_missing_suite_is_told_as_such(self, folder):
        """A session with values has one."""
        (folder / SUITE_FILE).unlink()
        assert complaint(folder) == "'FOLDER/suite.json' cannot be read: No such file or directory"

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
    def test_suite_that_is_cut_off_is_refused(self, folder, share):
        """Wherever it ends."""
        path = folder / SUITE_FILE
        content = path.read_bytes().rstrip()
        path.write_bytes(content[: int(len(content) * share)])
        text = complaint(folder)
        assert text.startswith("'FOLDER/suite.json' is not a whole pyperf suite (JSONDecodeError: ")
        assert text.endswith("; the session is damaged")

    @pytest.mark.parametrize(
        "content",
        [b"[]", b"{}", b'{"version": "1.0"}', b'{"version": "9"}', b"\xff", b"[" * 100_000],
        ids=lambda content: repr(content[:20]),
    )
    def test_file_that_is_no_suite_is_refused(self, folder, content):
        """Whatever pyperf says of it becomes one sentence."""
        (folder / SUITE_FILE).write_bytes(content)
        assert "'FOLDER/suite.json' is not a whole pyperf suite (" in complaint(folder)

    @pytest.mark.parametrize("number", ["NaN", "-1.0", "0", '"x"'])
    def test_suite_with_a_value_that_is_none_is_refused(self, folder, number):
        """Positive numbers only."""
        path = folder / SUITE_FILE
        first = repr(finished().values(BASELINE.name)[0])
        path.write_text(path.read_text().replace(f"[{first},", f"[{number},", 1))
        assert "'FOLDER/suite.json' is not a whole pyperf suite (ValueError: " in complaint(folder)

    def test_suite_of_another_session_is_refused(self, folder):
        """Same cells, other values."""
        write_suite(folder, suite_of(finished(factor=1.1)))
        assert complaint(folder) == (
            f"'FOLDER/suite.json' and the values of the session disagree on {BASELINE.name!r}; "
            "they are not of one session, or one was edited"
        )

    @pytest.mark.parametrize(
        "suite",
        [
            suite_of(finished(rounds=2)),
            suite_of(finished(), without=(FAST.name,)),
            suite_of(finished(rounds=4, factor=1.1)),
            suite_of(finished(cells=(CONTROL,), rounds=4, failures=())),
        ],
        ids=["a round less", "a cell less", "longer, but other", "one cell of another"],
    )
    def test_suite_that_lacks_values_is_refused(self, folder, suite):
        """The session would claim what nobody can look up."""
        write_suite(folder, suite)
        assert "'FOLDER/suite.json' and the values of the session disagree on " in complaint(folder)

    def test_single_value_that_was_edited_is_found(self, folder):
        """In either file."""
        edit_round(folder, 2, lambda r: r["samples"][-1].update(seconds=0.25))
        assert f"disagree on {CONTROL.name!r}" in complaint(folder)

    @pytest.mark.parametrize("name", [SESSION_FILE, ROUNDS_FILE, SUITE_FILE])
    def test_file_that_may_not_be_read_is_told_as_such(self, folder, monkeypatch, name):
        """Permissions, as root cannot feel them."""
        read_bytes = Path.read_bytes

        def refuse(self):
            if self.name == name:
                raise PermissionError(13, "Permission denied", str(self))
            return read_bytes(self)

        monkeypatch.setattr(Path, "read_bytes", refuse)
        assert complaint(folder) == f"'FOLDER/{name}' cannot be read: Permission denied"

    @pytest.mark.parametrize("name", [SESSION_FILE, ROUNDS_FILE, SUITE_FILE])
    def test_folder_in_the_place_of_a_file_is_told_as_such(self, folder, name):
        """It is there, but cannot be read."""
        (folder / name).unlink()
        (folder / name).mkdir()
        assert complaint(folder) == f"'FOLDER/{name}' cannot be read: Is a directory"

    def test_copied_session_is_as_good(self, folder, tmp_path_factory):
        """Nothing in it depends on where it lies."""
        copy = tmp_path_factory.mktemp("copy") / "x"
        shutil.copytree(folder, copy)
        assert load_session(copy) == finished()

    def test_interrupted_session_comes_back_with_its_ending(self, folder):
        """An ending may come after the last judgement."""
        session = replace(finished(), ending=Ending.INTERRUPTED)
        write_session(folder, session)
        assert load_session(folder) == session


class TestLoadRuns:
    """The runs of a session that is to go on."""

    def test_runs_come_back_by_cell_and_round(self, folder):
        """Values, warmups and labels as they were written."""
        session = load_session(folder)
        runs = load_runs(folder, session)
        assert list(runs) == [cell.name for cell in PLAN.cells]
        assert [value for run in runs[FAST.name] for value in run.values] == session.values(
            FAST.name
        )
        assert [run.get_metadata()["crawlbench_round"] for run in runs[FAST.name]] == [1, 2, 3]
        assert runs[BROKEN.name] == []

    def test_session_without_rounds_has_no_runs(self, tmp_path):
        """It was interrupted in its first round."""
        for ending in ("", "interrupted"):
            session = make_session(PLAN, [], ending=ending)
            write_session(tmp_path, session)
            runs = load_runs(tmp_path, load_session(tmp_path))
            assert runs == {cell.name: [] for cell in PLAN.cells}


class TestKilled:
    """A session may be killed between any two bytes: it stays loadable, and can go on."""

    def test_suite_is_made_of_the_runs_that_were_kept(self, tmp_path):
        """Until a session ends there is none; it is that which the end would have written."""
        session = replace(finished(), ending=Ending.NONE)
        measure(tmp_path, session)
        assert not (tmp_path / SUITE_FILE).exists()
        assert load_session(tmp_path) == session
        made = (tmp_path / SUITE_FILE).read_bytes()
        write(tmp_path, finished())
        assert (tmp_path / SUITE_FILE).read_bytes() == made
        assert not (tmp_path / RUNS_FILE).exists()

    def test_what_is_replaced_after_each_round_does_not_grow_with_the_values(self, tmp_path):
        """Values are added to files; conclusions are written when there will be no others."""
        sizes = {}
        for rounds, ending in ((1, ""), (9, ""), (9, "rounds")):
            write_session(tmp_path, replace(finished(rounds), ending=ending))
            sizes[rounds, ending] = (tmp_path / SESSION_FILE).stat().st_size
        assert sizes[1, ""] == sizes[9, ""] < sizes[9, "rounds"]

    def test_folder_that_must_not_be_written_can_be_read(self, tmp_path, monkeypatch):
        """It has no suite then, which no report needs."""
        session = replace(finished(), ending=Ending.NONE)
        measure(tmp_path, session)

        def refuse(path, write):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(store, "write_atomic", refuse)
        assert load_session(tmp_path) == session

    @pytest.mark.parametrize("name", [RUNS_FILE, ROUNDS_FILE])
    @pytest.mark.parametrize("share", [0.0, 0.3, 0.999, 1.0])
    def test_torn_last_line_is_left_out(self, tmp_path, name, share):
        """Wherever it ends: in the runs of a round, or in its values after them."""
        measure(tmp_path, finished(rounds=4))
        write_session(tmp_path, session := replace(finished(), ending=Ending.NONE))
        tear(tmp_path / name, share)
        if name == RUNS_FILE:  # which is written first
            tear(tmp_path / ROUNDS_FILE, 0.0)
        assert load_session(tmp_path) == session

    def test_session_goes_on_after_what_it_counts(self, tmp_path):
        """What was torn, or not counted, is gone from the files; then they grow again."""
        measure(tmp_path, finished(rounds=4))
        write_session(tmp_path, session := replace(finished(), ending=Ending.NONE))
        tear(tmp_path / ROUNDS_FILE, 0.5)
        loaded = load_session(tmp_path)
        reopen_session(tmp_path, loaded, load_runs(tmp_path, loaded))
        assert load_session(tmp_path) == session
        assert (tmp_path / ROUNDS_FILE).read_bytes().count(b"\n") == 3
        assert (tmp_path / RUNS_FILE).read_bytes().count(b"\n") == 3
        whole = finished(rounds=4)
        last = {c: of_cell[-1] for c, of_cell in runs_of(whole).items() if of_cell}
        append_round(tmp_path, whole.rounds[-1], last)
        close_session(tmp_path, whole, runs_of(whole))
        assert load_session(tmp_path) == whole

    def test_session_that_ended_can_be_reopened(self, folder):
        """Its runs come from the suite; until it ends again, it counts as killed."""
        session = load_session(folder)
        before = (folder / SUITE_FILE).read_bytes()
        going_on = replace(session, ending=Ending.NONE)
        reopen_session(folder, going_on, load_runs(folder, session))
        (folder / SUITE_FILE).unlink()
        assert load_session(folder) == going_on
        assert (folder / SUITE_FILE).read_bytes() == before

    def test_cell_that_became_invalid_leaves_the_suite(self, tmp_path):
        """Its runs of earlier rounds are kept, but nobody is to count on them."""
        whole = finished()
        failure = Failure(FAST.name, 3, "crashed")
        session = judge(replace(whole, ending=Ending.NONE, failures=(*whole.failures, failure)))
        measure(tmp_path, session)
        assert load_session(tmp_path) == session
        names = pyperf.BenchmarkSuite.load(str(tmp_path / SUITE_FILE)).get_benchmark_names()
        assert sorted(names) == sorted([BASELINE.name, CONTROL.name])

    def test_round_in_which_no_cell_reached_its_end_is_a_round(self, tmp_path):
        """It has values, but pyperf has no runs of it."""
        session = replace(finished(1), ending=Ending.NONE)
        append_round(tmp_path, session.rounds[0], {})
        nobody = [Failure(cell.name, 1, "crashed") for cell in PLAN.cells]
        session = judge(replace(session, failures=tuple(nobody)))
        write_session(tmp_path, session)
        assert load_session(tmp_path) == session


class TestFormat1:
    """Sessions of before: all in one file, no CPU time within the clock, no anchors."""

    def test_session_of_format_1_is_read_and_judged_by_todays_rules(self, tmp_path):
        """The newcomer's session, cut down to three rounds; what it lacks is None or empty."""
        shutil.copytree(DISTURBED, tmp_path / "old")
        session = load_session(tmp_path / "old")
        assert (session.format, len(session.rounds)) == (1, 3)
        samples = [sample for record in session.rounds for sample in record.samples]
        assert len(samples) == 3 * 6 * 5
        assert all(sample.cpu_s is None for sample in samples)
        assert not any(record.anchors for record in session.rounds)
        assert session == judge(session)
        assert session.summaries

    def test_session_of_format_1_goes_on_in_todays_format(self, tmp_path):
        """All of it is written anew, once."""
        folder = tmp_path / "old"
        shutil.copytree(DISTURBED, folder)
        old = load_session(folder)
        runs = load_runs(folder, old)
        reopen_session(folder, replace(old, ending=Ending.NONE, format=FORMAT), runs)
        session = load_session(folder)
        assert session.rounds == old.rounds
        assert session.format == FORMAT
        assert sum(map(len, load_runs(folder, session).values())) == sum(map(len, runs.values()))


def test_loading_takes_time_in_proportion(tmp_path):
    """A session of many cells is indexed once: no cell has all values looked through for it."""
    looks = []

    class Counted(tuple):
        def __iter__(self):
            looks.append(len(self))
            return super().__iter__()

    session = finished(rounds=6)
    rounds = Counted(session.rounds)
    assert find_flaw(replace(session, rounds=rounds)) == ""
    write(tmp_path, session)
    store._check_suite(tmp_path / SUITE_FILE, replace(session, rounds=rounds))
    assert len(looks) <= 4
