"""`crawlbench submit` and `verify-bundle`: codes, sentences, and what lands on disk."""

from __future__ import annotations

import pytest

from crawlbench.base.records import Ending
from crawlbench.cli.app import main
from crawlbench.measure.store import create_folder
from crawlbench.reference.bundle import encode_bundle, load_bundle
from tests.reference.builders import bundled, tampered


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
