"""What the step calls crawlbench with, for what it was asked; crawlbench itself is played."""

from __future__ import annotations

from pathlib import Path

import pytest
from ci.comparing import OWN_FOLDERS

from tests.ci.steps import calls, temporary_of


def test_what_is_measured_sees_nothing_of_the_service(play, tmp_path):
    play()
    ((words, names),) = calls(tmp_path)
    assert not [name for name in names if name.startswith(("GITHUB_", "INPUT_", "ACTIONS_"))]
    assert words[3] == "ab"


def test_caches_and_settings_are_the_steps_own_unless_they_are_set(play, tmp_path, monkeypatch):
    """So that a build leaves nothing in those of a runner that lives on."""
    for name in OWN_FOLDERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CACHE_DIR", "chosen")
    monkeypatch.setenv("UV_CACHE_DIR", "")  # which uv takes for unset
    play()
    ((_, variables),) = calls(tmp_path)
    found = {name: variables[name] for name in OWN_FOLDERS}
    assert found.pop("PIP_CACHE_DIR") == "chosen"
    assert found.keys() == {"CRAWLBENCH_CACHE", "UV_CACHE_DIR", "XDG_CONFIG_HOME"}
    assert len(set(found.values())) == 3
    for folder in found.values():
        assert Path(folder).is_relative_to(temporary_of(tmp_path))


def test_inputs_become_words_and_nothing_else(play, tmp_path):
    odd = tmp_path / "a 'b' $(touch x); `id` & <c> *"
    odd.mkdir()
    (odd / "setup.py").touch()
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
        (
            "yarl",
            "yarl@https://example.com/y.whl",
            ("yarl", "yarl@https://example.com/y.whl"),
        ),
    ],
)
def test_sides_have_names_of_their_own(play, tmp_path, base, head, names):
    """With one `path` in both checkouts, the folders' own names would be one."""
    for side in ("base", "head"):
        (tmp_path / side / "python").mkdir(parents=True)
    play(inputs={"base": base, "head": head})
    ((words, _),) = calls(tmp_path)
    assert [w for w in words if w.startswith("--name=")] == [f"--name={name}" for name in names]


def test_package_is_not_taken_for_a_folder_of_its_name(play, tmp_path):
    """As in a checkout of uvloop, where the package lies in a folder `uvloop`."""
    (tmp_path / "uvloop").mkdir()
    play(inputs={"base": "./uvloop", "head": "uvloop"})
    ((words, _),) = calls(tmp_path)
    assert words[-2:] == [str(tmp_path / "uvloop"), "uvloop"]
    assert [w for w in words if w.startswith("--name=")] == ["--name=base", "--name=uvloop"]


def test_many_requirements_are_no_name_of_a_file(play, tmp_path):
    """Which would be too long."""
    many = " ".join(f"package-{number}==1.0" for number in range(30))
    step = play(inputs={"head": many})
    assert step.code == 0, step.log
    ((words, _),) = calls(tmp_path)
    assert words[-1] == many
