"""Repositories of git as pip writes them: the commit that a name means now is what is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.environments import repositories
from crawlbench.environments.checkouts import copy_checkout
from crawlbench.environments.repositories import Repository, fetch_repository, is_repository
from crawlbench.environments.spec import parse_sides, parse_spec
from tests.environments.projects import write_project

HOST = "https://example.org/x.git"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Give each test a cache of its own."""
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(tmp_path / "cache"))
    fetch_repository.cache_clear()


@pytest.fixture
def repository(tmp_path):
    """Return a repository with a tag, a tag with a message, a branch with a slash, and a folder."""
    folder = write_project(tmp_path / "repo", version="1.0")
    git(folder, "init", "-q", "-b", "main")
    write_project(folder / "inner", name="inner")
    commit(folder, "first")
    git(folder, "tag", "v1")
    git(folder, "tag", "-a", "-m", "told", "v1-told")
    git(folder, "branch", "feature/x")
    write_project(folder, version="2.0")
    commit(folder, "second")
    return folder


def git(folder, *words):
    """Call git, and show its words when it fails."""
    call = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
    done = subprocess.run(call, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder, message):
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", message)


def version(spec):
    """Return the version of the package that a spec would install."""
    (path,) = parse_spec("side", spec).checkouts
    text = (Path(path) / "pyproject.toml").read_text(encoding="utf-8")
    return text.split('version = "')[1].partition('"')[0]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        (f"git+{HOST}", Repository(HOST, "HEAD", "")),
        (f"x@git+{HOST}@v1", Repository(HOST, "v1", "")),
        (f"x @ git+{HOST}@v1", Repository(HOST, "v1", "")),
        (f"git+{HOST}@feature/x", Repository(HOST, "feature/x", "")),
        (f"git+{HOST}@v1#subdirectory=a/b", Repository(HOST, "v1", "a/b")),
        (f"git+{HOST}#egg=x&subdirectory=a", Repository(HOST, "HEAD", "a")),
        ("git+ssh://git@example.org/x.git", Repository("ssh://git@example.org/x.git", "HEAD", "")),
        ("git+ssh://git@example.org/x@v1", Repository("ssh://git@example.org/x", "v1", "")),
    ],
)
def test_forms_of_pip_are_read(word, found):
    """With a user in the address, a revision with a slash, and what the fragment says."""
    assert is_repository(word)
    assert Repository.parse(word) == found


@pytest.mark.parametrize(
    "word", ["uvloop==0.21.0", "./head", "x @ https://example.org/x.whl", "git"]
)
def test_others_are_none(word):
    assert not is_repository(word)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [("@v1", "1.0"), ("@v1-told", "1.0"), ("@feature/x", "1.0"), ("@main", "2.0"), ("", "2.0")],
)
@pytest.mark.parametrize("form", ["{}", "planted @ {}", "planted@{}"])
def test_revision_is_what_is_installed(repository, form, ending, expected):
    """Tags with a message too, whose own number is none of a commit."""
    assert version(form.format(f"git+file://{repository}{ending}")) == expected


def test_branch_that_moved_is_another(repository):
    """What was kept of it before is not taken for what it means now."""
    spec = f"git+file://{repository}@main"
    before = parse_spec("side", spec)
    write_project(repository, version="3.0")
    commit(repository, "third")
    fetch_repository.cache_clear()  # as another command would begin
    assert version(spec) == "3.0"
    assert parse_spec("side", spec).checkouts != before.checkouts
    assert version(f"git+file://{repository}@{git(repository, 'rev-parse', 'v1')}") == "1.0"


def test_folder_in_it_is_taken(repository):
    (path,) = parse_spec("side", f"git+file://{repository}#subdirectory=inner").checkouts
    assert Path(path).name == "inner"


@pytest.mark.parametrize("folder", ["", "inner"])
def test_copy_of_a_package_has_what_lies_above_it(repository, tmp_path, folder):
    """As with pip: its build may read a file there, or ask git for a version."""
    spec = f"git+file://{repository}@v1#subdirectory={folder}"
    (path,) = parse_spec("side", spec).checkouts
    copy = copy_checkout(Path(path), tmp_path / "room")
    assert (copy / "pyproject.toml").read_text() == (Path(path) / "pyproject.toml").read_text()
    assert git(copy, "describe", "--tags") == "v1-told"
    top = Path(git(copy, "rev-parse", "--show-toplevel"))
    assert copy == top / folder
    assert (top / "planted" / "__init__.py").exists()


def test_copy_of_a_folder_of_ones_own_repository_has_that_folder_alone(repository, tmp_path):
    copy = copy_checkout(repository / "inner", tmp_path / "room" / "0")
    assert [path.name for path in (tmp_path / "room" / "0").iterdir()] == [copy.name] == ["inner"]
    assert sorted(path.name for path in copy.iterdir()) == ["inner", "pyproject.toml"]


def test_sides_are_named_as_they_were_written(repository):
    """Not by a folder of the cache."""
    specs = [f"planted@git+file://{repository}@{name}" for name in ("v1", "main")]
    names = [side.name for side in parse_sides(specs, names=["old", "new"])]
    assert names == ["old", "new"]
    (side,) = parse_sides([specs[0]])
    assert side.name.startswith("planted@git+file:///")


@pytest.mark.parametrize(
    ("ending", "sentence"),
    [
        ("@nosuch", "has no branch and no tag 'nosuch'; a commit has all 40 digits"),
        ("#subdirectory=gone", "has no folder 'gone' at "),
        ("#subdirectory=../x", "names '../x', which is no folder of the repository"),
        ("-gone", "git ls-remote failed: "),
        (f"@{'0' * 40}", "git checkout failed: "),
    ],
)
def test_what_is_not_there_is_said(repository, ending, sentence):
    """In a sentence that names the side."""
    with pytest.raises(UsageError) as told:
        parse_spec("head", f"git+file://{repository}{ending}")
    assert str(told.value).startswith("environment 'head': ")
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_extras_are_refused(repository):
    with pytest.raises(UsageError, match="asks for extras"):
        parse_spec("head", f"planted[speed] @ git+file://{repository}")


def test_git_that_is_not_here_is_said(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="git is not installed here"):
        parse_spec("head", f"git+file://{repository}")


def test_submodules_come_with_it(repository, tmp_path, monkeypatch):
    """As with pip: without them, C libraries are not built."""
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    part = write_project(tmp_path / "part", name="part")
    git(part, "init", "-q", "-b", "main")
    commit(part, "first")
    git(repository, "submodule", "--quiet", "add", str(part), "vendor/part")
    commit(repository, "with a part")
    found = fetch_repository(Repository(str(repository), "main", ""))
    assert (found / "vendor" / "part" / "pyproject.toml").exists()


def test_full_reference_that_no_clone_has_is_fetched(repository):
    """Such as a pull request's."""
    git(repository, "checkout", "-q", "--detach")
    (repository / "asked.txt").write_text("x", encoding="utf-8")
    commit(repository, "asked for")
    git(repository, "update-ref", "refs/pull/1/head", "HEAD")
    git(repository, "checkout", "-q", "main")
    assert (
        fetch_repository(Repository(str(repository), "refs/pull/1/head", "")) / "asked.txt"
    ).exists()


def test_clone_that_was_cut_off_is_not_used(repository, tmp_path, monkeypatch):
    """It gets to its place whole or not at all."""
    real = repositories._git

    def cut(*words):
        if "checkout" in words:
            raise KeyboardInterrupt
        return real(*words)

    with monkeypatch.context() as patch:
        patch.setattr(repositories, "_git", cut)
        with pytest.raises(KeyboardInterrupt):
            fetch_repository(Repository(str(repository), "v1", ""))
    folders = [path for path in (tmp_path / "cache" / "repositories").iterdir() if path.is_dir()]
    assert folders == []
    left = tmp_path / "cache" / "repositories" / ".crawlbench-killed"  # it could not tidy up
    left.mkdir()
    os.utime(left, (0, 0))
    assert (fetch_repository(Repository(str(repository), "v1", "")) / "pyproject.toml").exists()
    assert not left.exists()
