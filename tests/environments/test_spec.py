"""Specs of environments: what is understood, and what each refusal says."""

from __future__ import annotations

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Environment
from crawlbench.environments.spec import parse_environment, parse_sides, read_environments
from tests.environments.projects import write_project


def test_spec_holds_all_kinds_of_words(tmp_path):
    head = write_project(tmp_path / "head of mine")
    spec = f"python=3.13 uvloop==0.21.0 'httpx[http2]>=0.27' '{head}' -X gil=0 -O 'GREETING=a b=c'"
    assert parse_environment(f"my name={spec}") == Environment(
        "my name",
        "3.13",
        ("uvloop==0.21.0", "httpx[http2]>=0.27"),
        (str(head),),
        {"GREETING": "a b=c"},
        ("-X", "gil=0", "-O"),
    )


def test_spec_can_be_read_again(tmp_path):
    head = write_project(tmp_path / "it's here")
    spec = f"python=3.13 uvloop==0.21.0 \"{head}\" -X gil=0 'A=b c'"
    environment = parse_environment(f"x={spec}")
    assert parse_environment(f"x={environment.spec}") == environment


def test_empty_spec_is_the_managers_packages():
    assert parse_environment("own=") == Environment("own")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("uvloop", "write NAME=SPEC"),
        ("=uvloop", "needs a name"),
        (" x=uvloop", "without spaces around it"),
        ("x=uvloop==", "'uvloop==' cannot be used"),
        ("x=--quiet evil", "'--quiet' is no flag of Python"),
        ("x=-I", "'-I' is no flag of Python"),
        ("x=-X", "'-X ' is no flag of Python"),
        ("x=-c 'import os'", "'-c' is no flag of Python"),
        ("x=uvloop=0.21.0", "for a version write uvloop==0.21.0"),
        ("x=PYTHONPATH=/elsewhere", "PYTHONPATH cannot be set"),
        ("x=./nowhere", "neither pyproject.toml nor setup.py"),
        ("x='lib @ file:///here/lib'", "give the path instead"),
        ("x='lib @ FILE:///here/lib-1-py3-none-any.whl'", "give the path instead"),
        ("x='uvloop", "No closing quotation"),
        ("x=$(reboot)", "'$(reboot)' cannot be used"),
        ("x=uvloop;reboot", "'uvloop;reboot' cannot be used"),
        ("a\nb=uvloop", "all of them printable"),
        ("a\u202eb=uvloop", "all of them printable"),
        (f"{'n' * 81}=uvloop", "80 characters at most"),
    ],
)
def test_refusal_names_the_environment_and_what_would_work(text, reason):
    with pytest.raises(UsageError) as caught:
        parse_environment(text)
    assert reason in str(caught.value)


def test_address_of_a_wheel_is_a_requirement():
    text = "lib @ https://index.example/lib-1.0-py3-none-any.whl"
    assert parse_environment(f"x='{text}'").packages == (text,)


def test_file_has_a_table_for_each(tmp_path):
    write_project(tmp_path / "head")
    file = tmp_path / "envs.toml"
    file.write_text(
        '[old]\npython = "3.13"\npackages = ["uvloop==0.21.0"]\n'
        '[new]\npackages = ["./head"]\nflags = ["-X", "gil=0"]\nvariables = {A = "1"}\n'
    )
    old, new = read_environments([str(file)])
    assert old == Environment("old", "3.13", ("uvloop==0.21.0",))
    assert new == Environment("new", "", (), (str(tmp_path / "head"),), {"A": "1"}, ("-X", "gil=0"))


@pytest.mark.parametrize("text", ["x={}", "file"])
def test_paths_may_begin_with_the_users_folder(tmp_path, monkeypatch, text):
    """In a file of another folder too; one of a user who is not there is a sentence."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = write_project(tmp_path / "home" / "lib")

    def read(path):
        file = tmp_path / "envs.toml"
        file.write_text(f'[x]\npackages = ["{path}"]\n')
        return read_environments([str(file) if text == "file" else f"x={path}"])[0]

    assert read("~/lib") == read(folder) == Environment("x", checkouts=(str(folder),))
    for path in ("~/gone", "~nobody-of-this-name/lib"):
        with pytest.raises(UsageError, match="cannot be installed: it is not a wheel"):
            read(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "length >= 1"),
        ("old = 1", "Expected `object`"),
        ("[old]\npackages = 'httpx'", "got `str` - at `$[...].packages`; it has a table"),
        ("[old]\npackage = []", "unknown field `package`"),
        ("[old]\npackages = ['python=3.13']", "requirements and paths only"),
        ("[old]\nvariables = {'a b' = '1'}", "'a b' cannot name a variable"),
        ("[old", "it is not TOML"),
    ],
)
def test_file_that_cannot_be_used(tmp_path, content, reason):
    file = tmp_path / "envs.toml"
    file.write_text(content)
    with pytest.raises(UsageError) as caught:
        read_environments([str(file)])
    assert reason in str(caught.value)


def test_missing_file_is_said(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_environments([str(tmp_path / "envs.toml")])


def test_names_are_unique():
    with pytest.raises(UsageError, match="two environments are named 'x'"):
        read_environments(["x=uvloop", "x=aiohttp"])


def test_sides_are_named_by_what_tells_them_apart(tmp_path):
    base, head = write_project(tmp_path / "base"), write_project(tmp_path / "head")
    sides = parse_sides([str(base), str(head), "uvloop==0.21.0", "uvloop==0.21.0"], "aiohttp A=1")
    assert [side.name for side in sides] == ["base", "head", "uvloop==0.21.0", "uvloop==0.21.0 (4)"]
    assert all(side.packages[0] == "aiohttp" and side.variables == {"A": "1"} for side in sides)


def test_folder_that_is_no_project_is_no_path(tmp_path, monkeypatch):
    """In uvloop's own repository, `uvloop` is the package on the index."""
    (tmp_path / "uvloop").mkdir()
    monkeypatch.chdir(tmp_path)
    assert parse_environment("x=uvloop").packages == ("uvloop",)


def test_shared_checkouts_name_no_side(tmp_path):
    shared = write_project(tmp_path / "mine")
    sides = parse_sides(["uvloop==0.21.0", "uvloop"], str(shared))
    assert [side.name for side in sides] == ["uvloop==0.21.0", "uvloop"]
    assert all(side.checkouts == (str(shared),) for side in sides)


def test_sides_are_named_as_told():
    sides = parse_sides(["uvloop", "uvloop"], "", ["base", "head"])
    assert [side.name for side in sides] == ["base", "head"]
    with pytest.raises(UsageError, match="1 names for 2 sides"):
        parse_sides(["uvloop", "uvloop"], "", ["base"])
    with pytest.raises(UsageError, match="two sides are named 'x'"):
        parse_sides(["uvloop", "uvloop"], "", ["x", "x"])


def test_checkouts_of_one_name_are_told_apart(tmp_path):
    one, two = (write_project(tmp_path / side / "lib") for side in ("one", "two"))
    assert [side.name for side in parse_sides([str(one), str(two)], "")] == ["lib", "lib (2)"]


@pytest.mark.parametrize("name", ["`rm -rf`", "$(id)", "a|b", "<script>", "*bold*", "名前", "a/b"])
def test_names_of_any_script_and_sign_are_kept(name):
    assert parse_environment(f"{name}=uvloop").name == name
