"""A user's file is called alike in all sessions, however and from wherever it is spelled."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crawlbench.archive.importing import import_pages
from crawlbench.base.errors import UnknownNameError, UsageError
from crawlbench.base.records import Cell
from crawlbench.measure.lab import declared_by
from crawlbench.measure.labels import Labels, require_sites
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import Suite, load_suite, override
from crawlbench.sites.custom import open_site

LEAST = Suite(strategies=("requests-serial",), baseline="requests-serial")
STRATEGY = "async def crawl(site, concurrency):\n    return []\n"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a function that makes a site in a folder, from which it was called."""
    monkeypatch.chdir(tmp_path)

    def make(folder, words="one"):
        source = tmp_path / f"{folder}-source"
        source.mkdir(parents=True)
        (source / "index.html").write_text(f"<title>{words}</title>")
        import_pages([source], tmp_path / folder, None, site_file=True, force=False)
        return tmp_path / folder / "site.toml"

    return make


def plan_of(*sites, **changes):
    return make_plan("test", override(LEAST, {"sites": list(sites), **changes}))


def names_of(plan):
    return [cell.name for cell in plan.cells]


def test_a_site_has_the_same_cells_in_every_spelling(own, tmp_path, monkeypatch):
    """As `d/site.toml`, `./d/site.toml`, absolute, with dots, and from another folder."""
    site = own("d")
    (tmp_path / "elsewhere").mkdir()
    spellings = ["d/site.toml", "./d/site.toml", str(site), "elsewhere/../d/site.toml"]
    plans = [plan_of(spelling) for spelling in spellings]
    monkeypatch.chdir(tmp_path / "elsewhere")
    plans += [plan_of("../d/site.toml")]
    monkeypatch.chdir(tmp_path / "d")
    plans += [plan_of("site.toml"), plan_of("./site.toml")]
    assert {tuple(names_of(plan)) for plan in plans} == {
        (
            "requests-serial/-/lxml/c10/loopback/site.toml",
            "requests-serial/-/lxml/c10/loopback/site.toml/control",
        )
    }
    assert {plan.files["site.toml"].path for plan in plans} == {str(site)}
    assert len({plan.files["site.toml"].content for plan in plans}) == 1


def test_a_copy_is_the_same_site_and_another_of_its_name_is_not(own):
    """Content decides: pages and site file, but neither comments nor where the pages lie."""
    first, copy, other = own("a"), own("b"), own("c", "two")
    copy.write_text("# a comment\n" + copy.read_text())
    content = [plan_of(str(path)).files["site.toml"].content for path in (first, copy, other)]
    assert content[0] == content[1] != content[2]
    moved = first.parent.parent / "moved.toml"
    moved.write_text(first.read_text().replace('pages = "."', 'pages = "a"'))
    assert open_site(str(moved)).spec.content == content[0]


def test_one_site_in_two_spellings_is_one_cell(own):
    own("d")
    assert names_of(plan_of("d/site.toml", "./d/site.toml")) == names_of(plan_of("d/site.toml"))


def test_two_sites_of_one_name_are_told_apart(own, tmp_path):
    """By as much of their folders as it takes."""
    for folder in ("x/d", "y/d"):
        own(folder)
    plan = plan_of("x/d/site.toml", "y/d/site.toml")
    assert [cell.site for cell in plan.cells if not cell.control] == [
        "x/d/site.toml",
        "y/d/site.toml",
    ]
    assert plan.path_of("y/d/site.toml") == str(tmp_path / "y" / "d" / "site.toml")


def test_a_site_in_python_is_known_by_its_file(own, tmp_path):
    """Two files of one name and other text are two sites."""
    text = (
        "from dataclasses import replace\n"
        "from crawlbench.sites.index import SITE as index\n"
        "SITE = replace(index, name='mine')\n"
    )
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(text + f"# {folder}\n")
    one, two = plan_of("a/mine.py"), plan_of("./b/mine.py")
    assert names_of(one) == names_of(two)
    assert one.files["mine.py"].content != two.files["mine.py"].content != ""


def test_a_network_keeps_the_round_trip_behind_its_name(own, tmp_path):
    own("d")
    (tmp_path / "slow.toml").write_text("round_trip_s = 0.001\n")
    plan = plan_of("d/site.toml", networks=["./slow.toml@5ms", f"{tmp_path}/slow.toml"])
    networks = dict.fromkeys(cell.network for cell in plan.cells)
    assert list(networks) == ["slow.toml@5ms", "slow.toml"]
    assert plan.path_of("slow.toml@5ms") == f"{tmp_path / 'slow.toml'}@5ms"
    assert plan.spelling_of("slow.toml@5ms") == "./slow.toml@5ms"


def test_a_session_does_not_go_on_with_another_site(own):
    """One sentence names it; a comment or a new verification changes no site."""
    site = own("d")
    plan = plan_of("d/site.toml")
    site.write_text("# a comment\n" + site.read_text())
    require_sites(plan)
    site.write_text(site.read_text().replace('"untitled"', '"nameless"'))
    with pytest.raises(UsageError, match=r"the site 'site\.toml' .* is not what it was"):
        require_sites(plan)


def test_what_is_no_file_keeps_its_name(own):
    """Names with an at sign among them."""
    plan = plan_of("douban-top250", networks=["wan@5ms"])
    assert plan.files == {}
    assert {cell.network for cell in plan.cells} == {"wan@5ms"}
    assert plan.path_of("wan@5ms") == plan.spelling_of("wan@5ms") == "wan@5ms"


def test_the_paths_of_a_suite_begin_at_its_folder(own, tmp_path, monkeypatch):
    """Sites, networks, strategies and the baseline; the cells are those of any other folder."""
    own("d/site")
    (tmp_path / "d" / "mine.py").write_text(STRATEGY)
    (tmp_path / "d" / "slow.toml").write_text("round_trip_s = 0.001\n")
    (tmp_path / "d" / "suite.toml").write_text(
        'strategies = ["requests-serial", "./mine.py"]\nbaseline = "./mine.py/asyncio"\n'
        'sites = ["site/site.toml"]\nnetworks = ["./slow.toml"]\n'
    )
    found = []
    for folder, name in ((".", "d/suite.toml"), ("d", "suite.toml"), ("d/site", "../suite.toml")):
        monkeypatch.chdir(tmp_path / folder)
        found.append(make_plan("test", load_suite(name)))
        monkeypatch.chdir(tmp_path)
    assert len({tuple(names_of(plan)) for plan in found}) == 1
    (plan,) = {tuple(plan.baselines.items()) for plan in found}
    assert plan == (("site.toml/slow.toml", "mine.py/asyncio/lxml/c10/slow.toml/site.toml"),)


def test_a_strategy_of_the_command_line_stays_as_it_is_spelled(own, tmp_path):
    """Its baseline may be spelled otherwise, and one that is nowhere is still unknown."""
    own("d")
    (tmp_path / "mine.py").write_text(STRATEGY)
    suite = override(LEAST, {"sites": ["d/site.toml"], "strategies": ["./mine.py"]})
    for baseline in ("./mine.py", "mine.py", f"{tmp_path}/mine.py/asyncio"):
        plan = make_plan("test", suite, baseline)
        assert {cell.strategy for cell in plan.cells} == {"./mine.py"}
    assert plan.path_of("./mine.py") == str(tmp_path / "mine.py")
    with pytest.raises(UnknownNameError, match=r"'other\.py' is not among the cells"):
        make_plan("test", suite, "other.py")


def test_other_machines_find_files_as_they_were_spelled(own):
    """Their folders are not ours."""
    own("d")
    plan = plan_of("./d/site.toml").as_spelled()
    assert plan.path_of("site.toml") == "./d/site.toml"


def test_labels_are_the_shortest_ends_that_tell_apart():
    root = Path(os.sep)
    paths = [str(root / name) for name in ("a/x/s.toml", "b/x/s.toml", "b/t.toml")]
    cells = [Cell(path, "loopback", "s", None, "lxml", 1) for path in paths]
    labels = Labels(cells)
    assert [labels.of(path) for path in paths] == ["a/x/s.toml", "b/x/s.toml", "t.toml"]


def test_what_a_file_declares_is_found_by_its_path(tmp_path):
    """Its cells have a short name, from which nothing could be read."""
    file = tmp_path / "own.py"
    file.write_text(f'"""Asks for another coding. Coding: br."""\n{STRATEGY}')
    plan = make_plan("test", override(LEAST, {"strategies": ["requests-serial", str(file)]}))
    declared = declared_by(plan, plan.cells)
    assert declared["requests-serial"] == ("1.1", "")
    assert {name: codings for name, (_, codings) in declared.items() if codings} == {"own.py": "br"}
