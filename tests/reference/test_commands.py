"""`crawlbench submit` and `verify-bundle`: codes, sentences, and what lands on disk."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Ending
from crawlbench.cli.app import main
from crawlbench.measure.store import create_folder
from crawlbench.reference.bundle import encode_bundle, load_bundle
from crawlbench.reference.matrix import find_misplaced, load_matrices
from crawlbench.reference.page import render_table
from crawlbench.reference.submission import make_bundle
from crawlbench.reference.table import make_table
from crawlbench.report.repeat import again_command, repeat_command, resume_command, show_command
from crawlbench.report.view import SessionView
from tests.reference.builders import REAL, bundled, measured, tampered


def call(monkeypatch, capsys, *words):
    """Return exit code, output and complaints of a call."""
    monkeypatch.setattr("sys.argv", ["crawlbench", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out, captured.err


def test_good_bundle_passes_and_forged_one_ends_with_4(tmp_path, monkeypatch, capsys):
    good, bad = tmp_path / "good.bundle.gz", tmp_path / "bad.bundle.gz"
    good.write_bytes(encode_bundle(bundled(laps=1)))
    forged = tampered(bundled(laps=1), lambda c: c["session"]["machine"].update(hostname="anna"))
    bad.write_bytes(encode_bundle(forged))
    code, out, _ = call(monkeypatch, capsys, "verify-bundle", good)
    assert code == 0
    assert "good, 5 cells in 6 rounds" in out
    code, out, err = call(monkeypatch, capsys, "verify-bundle", good, bad)
    assert code == 4
    assert "it names the host 'anna'" in err
    assert "good" in out


@pytest.mark.parametrize("content", [b"", b"no", b"\x1f\x8b\x08", b"{}"])
def test_what_is_no_bundle_ends_with_2(tmp_path, monkeypatch, capsys, content):
    path = tmp_path / "x.bundle.gz"
    path.write_bytes(content)
    code, _, err = call(monkeypatch, capsys, "verify-bundle", path)
    assert code == 2
    assert "is not a whole bundle" in err
    assert ("it is not gzipped" in err) is not content.startswith(b"\x1f")
    assert "Traceback" not in err


def test_file_that_is_no_bundle_does_not_hide_the_others(tmp_path, monkeypatch, capsys):
    """Each is told of, and what breaks a rule counts more."""
    none, good, bad = (tmp_path / name / "x.bundle.gz" for name in ("none", "good", "bad"))
    for path in (none, good, bad):
        path.parent.mkdir()
    none.write_bytes(b"no bundle")
    good.write_bytes(encode_bundle(bundled(laps=1)))
    forged = tampered(bundled(laps=1), lambda c: c["session"]["machine"].update(hostname="anna"))
    bad.write_bytes(encode_bundle(forged))
    code, out, err = call(monkeypatch, capsys, "verify-bundle", none, good)
    assert (code, "is not a whole bundle" in err, "good, 5 cells" in out) == (2, True, True)
    code, out, err = call(monkeypatch, capsys, "verify-bundle", bad, none, "--json")
    assert code == 4
    assert ["anna" in one["broken"][0] for one in json.loads(out)] == [True, False]


def test_absent_bundle_and_absent_session_end_with_2(tmp_path, monkeypatch, capsys):
    code, _, err = call(monkeypatch, capsys, "verify-bundle", tmp_path / "absent")
    assert (code, "cannot be read" in err) == (2, True)
    code, _, err = call(monkeypatch, capsys, "submit", tmp_path)
    assert (code, "is not a session" in err) == (2, True)


def test_submitting_the_unfinished_is_refused(tmp_path, monkeypatch, capsys):
    """With the sentence of the rule; nothing is written."""
    from dataclasses import replace

    from tests.reference.builders import measured

    session = replace(measured(laps=1), rounds=(), ending=Ending.NONE)
    create_folder(tmp_path / "s", session)
    out = tmp_path / "out.bundle.gz"
    code, _, err = call(monkeypatch, capsys, "submit", tmp_path / "s", "-o", out)
    assert code == 2
    assert "was not finished (no end)" in err
    assert not out.exists()


@pytest.mark.parametrize(
    ("output", "code"),
    [("theirs", 2), ("mine.gz", 2), ("bundle.gz", 2), ("mine.bundle.gz", 0), ("there", 0)],
)
def test_bundle_gets_a_name_that_is_found(tmp_path, monkeypatch, capsys, output, code):
    """A folder that was forgotten would become a file, which nobody checks or reads."""
    bundle = bundled(laps=1)
    monkeypatch.setattr("crawlbench.cli.submit.submit_session", lambda folder: bundle)
    (tmp_path / "there").mkdir()
    found, _, err = call(monkeypatch, capsys, "submit", "mine", "-o", tmp_path / output)
    assert (found, "is no folder" in err) == (code, bool(code))
    assert len([*tmp_path.rglob("*.bundle.gz")]) == (not code)
    assert {one.name for one in tmp_path.iterdir()} <= {"there", "mine.bundle.gz"}


def test_bundle_that_is_printed_is_nothing_but_a_bundle(monkeypatch, capfdbinary):
    """A sentence behind it would make it no bundle, and a document of JSON as well."""
    bundle = bundled(laps=1)
    monkeypatch.setattr("crawlbench.cli.submit.submit_session", lambda folder: bundle)
    for more, code in (((), None), (("--json",), 2)):
        monkeypatch.setattr("sys.argv", ["crawlbench", "submit", "mine", "-o", "-", *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or None) == code
        out, err = capfdbinary.readouterr()
        assert out == (b"" if code else encode_bundle(bundle))
        assert (b"name a file with -o" in err) == bool(code)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cpu_model": "Intel Xeon"}, "on 'Intel Xeon', the rest of its matrix on 'AMD EPYC 7763"),
        ({"cpu_count": 96}, "on 96 CPUs, the rest of its matrix on 8 CPUs"),
        ({"python": "CPython 3.13.0"}, "'CPython 3.13.0', the rest of its matrix on"),
    ],
)
def test_bundle_in_the_matrix_of_another_machine_is_refused(tmp_path, change, told):
    """By who checks it: the page of all matrices could not be drawn with it."""
    folder = tmp_path / "matrix" / "one"
    folder.mkdir(parents=True)
    here, there = folder / "a.bundle.gz", folder / "b.bundle.gz"
    here.write_bytes(encode_bundle(bundled(laps=1)))
    (folder / "c.bundle.gz").write_bytes(b"no bundle")
    there.write_bytes(encode_bundle(bundled(seed=2, laps=1)))
    assert find_misplaced(there) == ""
    other = bundled(seed=2, laps=1, machine=replace(REAL, **{"cpu_count": 8, **change}))
    here.write_bytes(encode_bundle(bundled(laps=1, machine=replace(REAL, cpu_count=8))))
    there.write_bytes(encode_bundle(other))
    assert told in find_misplaced(there)
    with pytest.raises(UsageError, match="another CPU or Python is another matrix"):
        (folder / "c.bundle.gz").unlink() or load_matrices(tmp_path / "matrix")
    alone = tmp_path / "b.bundle.gz"
    alone.write_bytes(there.read_bytes())
    assert find_misplaced(alone) == ""


def test_unpacked_size_has_a_bound(tmp_path):
    """A small file that unpacks to gigabytes is refused before it does."""
    import gzip

    from crawlbench.base.errors import UsageError

    path = tmp_path / "bomb.bundle.gz"
    path.write_bytes(gzip.compress(b" " * (65 * 2**20)))
    with pytest.raises(UsageError, match="holds more than a bundle may"):
        load_bundle(path)


def test_bundle_is_shown_like_a_session_and_an_edited_one_is_not(tmp_path, monkeypatch, capsys):
    """In the terminal and as data, by the same judge."""
    import msgspec

    good, bad = tmp_path / "good.bundle.gz", tmp_path / "bad.bundle.gz"
    bundle = bundled(laps=1)
    good.write_bytes(encode_bundle(bundle))
    bad.write_bytes(encode_bundle(msgspec.structs.replace(bundle, digest="0" * 64)))
    code, out, _ = call(monkeypatch, capsys, "report", good)
    assert code == 0
    assert "aiohttp-gather" in out
    code, out, _ = call(monkeypatch, capsys, "report", good, "--format", "json")
    assert code == 0
    assert out.startswith("{")
    code, _, err = call(monkeypatch, capsys, "report", bad)
    assert (code, "was edited" in err) == (2, True)


def test_report_of_a_bundle_proposes_only_what_works(tmp_path, monkeypatch, capsys):
    """It is shown from its file; no command continues it, even where a folder has its name."""
    path = tmp_path / "doubtful.bundle.gz"
    path.write_bytes(encode_bundle(make_bundle(measured(laps=1, noise=0.15), "far")))
    beside = tmp_path / "doubtful"
    beside.mkdir()
    for name in ("trace.jsonl.gz", "probe.json"):
        (beside / name).write_bytes(b"of another session")
    code, out, _ = call(monkeypatch, capsys, "report", path)
    told = " ".join(out.split())
    assert code == 0
    assert "would settle" in told
    assert "--resume" not in told
    pytest.importorskip("vl_convert")
    page = tmp_path / "page.html"
    code, *_ = call(monkeypatch, capsys, "report", path, "--format", "html", "-o", page)
    html = page.read_text(encoding="utf-8")
    assert (code, "--resume" in html, "cannot be read" in html) == (0, False, False)
    assert ">make reference PART=far<" in html  # which is no suite that `run` knows


def test_command_that_a_bundle_brings_is_not_shown(tmp_path, monkeypatch, capsys):
    """Who reads a stranger's bundle copies what is shown into their shell, checked or not."""
    good = bundled(laps=1)
    path = tmp_path / "matrix" / "theirs" / "bad.bundle.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_bundle(tampered(good, lambda told: told.update(command="rm -rf x"))))
    page = render_table(make_table(load_matrices(tmp_path / "matrix")))
    assert ("rm -rf" in page, good.content.command in page) == (False, True)
    pytest.importorskip("vl_convert")
    html = tmp_path / "page.html"
    code, *_ = call(monkeypatch, capsys, "report", path, "--format", "html", "-o", html)
    told = html.read_text(encoding="utf-8")
    assert (code, "rm -rf" in told, good.content.command in told) == (0, False, True)


@pytest.mark.parametrize("is_bundle", [False, True])
def test_command_that_says_why_names_the_file_of_a_bundle(is_bundle):
    """And the folder of a session, which can also be continued."""
    kept = "results/mine.bundle.gz" if is_bundle else "results/mine"
    session, own = measured(laps=1, noise=0.15), "make reference PART=far" if is_bundle else None
    view = SessionView(session, kept, own)
    assert again_command(view) == (own or repeat_command(session))
    assert show_command(view) == f"crawlbench report -v {kept}"
    assert resume_command(view, 3) == (
        "" if is_bundle else "crawlbench run --resume results/mine --rounds 9"
    )
