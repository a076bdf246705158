"""All clients on one chart, in the README too, as soon as they were measured."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest
from benchmarks import reference
from benchmarks.places import fill_place, read_place

from crawlbench.base.errors import UsageError
from crawlbench.reference.bundle import ENDING, encode_bundle, load_bundle, seal
from crawlbench.reference.matrix import load_matrices
from crawlbench.reference.picture import draw_clients, find_clients
from crawlbench.reference.submission import make_bundle
from crawlbench.reference.table import make_table
from tests.reference.builders import BASE, RATIOS, REAL, measured

README = "# x\n\n<!-- clients: made by `make reference-page` -->\n<!-- end of clients -->\n"


def write_part(root, part, sessions=3, day="2026-11-10", machine=REAL):
    """Write a matrix of one part."""
    folder = root / f"{day}-made"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, sessions + 1):
        seed = number + 7 * len(part) + int(day[-2:])
        created = f"{day}T0{number}:00:00+00:00"
        made = measured(seed, laps=1, created=created, machine=machine)
        content = encode_bundle(make_bundle(made, part))
        (folder / f"{part}-{number}{ENDING}").write_bytes(content)
    return root


def test_picture_has_every_client_with_its_ratio(tmp_path):
    rows = find_clients(make_table(load_matrices(write_part(tmp_path, "clients"))))
    assert {row.strategy for row in rows} == {cell.strategy for cell in RATIOS}
    svg = draw_clients(rows)
    assert svg.startswith("<svg")
    for row in rows:
        assert row.strategy in svg
    assert f"Time over that of {BASE.strategy}, below 1 is faster" in svg
    assert "CPython 3.11.7" in svg
    assert "2026-11-10" in svg
    assert "prefers-color-scheme:dark" in svg


def test_picture_waits_until_a_new_matrix_has_three_sessions(tmp_path):
    """What has begun is preliminary: the whole matrix before it stays in the README."""
    write_part(tmp_path, "clients")
    write_part(tmp_path, "clients", 2, day="2026-11-21")
    rows = find_clients(make_table(load_matrices(tmp_path)))
    assert {row.last for row in rows} == {"2026-11-10"}
    write_part(tmp_path, "clients", 3, day="2026-11-21")
    rows = find_clients(make_table(load_matrices(tmp_path)))
    assert {row.last for row in rows} == {"2026-11-21"}
    assert len(rows) == len({cell.strategy for cell in RATIOS})


def test_client_without_a_figure_is_named_without_a_mark(tmp_path):
    """What failed is told in a word."""
    rows = find_clients(make_table(load_matrices(write_part(tmp_path, "clients", 1))))
    failed = [
        replace(row, time=None, page=None, verdict="invalid")
        if row.rank is None and n == 1
        else row
        for n, row in enumerate(rows)
    ]
    svg = draw_clients(failed)
    assert "invalid" in svg
    assert "preliminary" in svg
    (marks,) = re.findall(r'class="mark-symbol role-mark[^>]*>(.*?)</g>', svg)
    drawn = re.findall(r"<path[^>]*>", marks)
    assert len(drawn) == len(failed) - 1
    assert all('fill="#' in mark for mark in drawn)  # one without a colour is not seen


def test_readme_shows_it_only_if_clients_were_measured(tmp_path):
    readme, folder = tmp_path / "README.md", tmp_path / "docs" / "results"
    folder.mkdir(parents=True)
    readme.write_text(README, encoding="utf-8")
    root = write_part(tmp_path / "matrix", "api", 1)
    reference.write_picture(reference.load_table(root), folder, readme)
    assert readme.read_text(encoding="utf-8") == README
    write_part(root, "clients")
    for _ in range(2):
        reference.write_picture(reference.load_table(root), folder, readme)
    text = readme.read_text(encoding="utf-8")
    assert text.count("](docs/results/clients.svg)](docs/results/index.html)") == 1
    assert "3 clients, each one's time per page" in text
    assert (folder / "clients.svg").exists()


def test_documents_of_the_repository_have_places_for_it():
    for path, name in ((reference.README, "clients"), (reference.CONTESTANTS, "speeds")):
        text = path.read_text(encoding="utf-8")
        assert fill_place(text, name, "x") != fill_place(text, name, "y")


def test_speeds_of_all_clients_are_shown_with_the_fastest_first(tmp_path):
    """What was measured in one part alone has its place too, and another's reason stands there."""
    document = tmp_path / "contestants.md"
    document.write_text(
        "# x\n\n<!-- speeds: made by `make reference-page` -->\n<!-- end of speeds -->\n",
        encoding="utf-8",
    )
    before = document.read_text(encoding="utf-8")
    root = write_part(tmp_path / "matrix", "api", 1)
    reference.write_speeds(reference.load_table(root), document)
    assert document.read_text(encoding="utf-8") == before  # no clients in it
    write_part(root, "clients")
    for _ in range(2):
        reference.write_speeds(reference.load_table(root), document)
    speeds = read_place(document.read_text(encoding="utf-8"), "speeds")
    lines = [line for line in speeds.splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines].count(BASE.strategy) == 1
    assert len(lines) == len({cell.strategy for cell in RATIOS})
    assert all("not measured" in line for line in lines)  # far away
    assert "2026-11-10" in speeds
    assert "95 %" in speeds


def test_speeds_of_two_pythons_do_not_stand_side_by_side(tmp_path):
    """What only another Python has measured far away is not measured here."""
    document = tmp_path / "contestants.md"
    document.write_text(
        "# x\n\n<!-- speeds: made by `make reference-page` -->\n<!-- end of speeds -->\n",
        encoding="utf-8",
    )
    root = write_part(tmp_path / "matrix", "far", machine=replace(REAL, python="CPython 3.10.0"))
    write_part(root, "clients", day="2026-11-21")
    reference.write_speeds(reference.load_table(root), document)
    speeds = read_place(document.read_text(encoding="utf-8"), "speeds")
    assert f"Measured on 2026-11-21, on {REAL.cpu_model} with {REAL.python}" in speeds
    assert speeds.count("not measured") == len({cell.strategy for cell in RATIOS})


def test_edited_bundle_gets_no_new_digest(tmp_path):
    """The page would show what somebody wrote into it as if it had been measured."""
    root = write_part(tmp_path, "clients", 1)
    (path,) = root.glob(f"*/*{ENDING}")
    bundle = load_bundle(path)
    claims = [msgspec.structs.replace(one, verdict="slower") for one in bundle.content.claims]
    content = msgspec.structs.replace(bundle.content, claims=tuple(claims))
    path.write_bytes(encode_bundle(msgspec.structs.replace(bundle, content=content)))
    before = path.read_bytes()
    with pytest.raises(UsageError, match="was edited"):
        reference.conclude_anew(root)
    assert path.read_bytes() == before


def test_bundles_say_what_today_is_concluded_from_their_values(tmp_path):
    """A judge that changed leaves a verdict behind that a reader could not verify."""
    root = write_part(tmp_path, "clients", 1)
    (path,) = root.glob(f"*/*{ENDING}")
    good = load_bundle(path)
    old = [msgspec.structs.replace(one, verdict="slower") for one in good.content.claims]
    outdated = seal(msgspec.structs.replace(good.content, claims=tuple(old)))
    path.write_bytes(encode_bundle(outdated))
    reference.conclude_anew(root)
    assert load_bundle(path) == good
    before = path.stat().st_mtime_ns
    reference.conclude_anew(root)
    assert path.stat().st_mtime_ns == before
