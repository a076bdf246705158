"""Checkouts: told apart by every file, copied without what builds left, called what they say."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import pytest

from crawlbench.environments.checkouts import copy_checkout, describe_checkout, project_name
from tests.child import succeed
from tests.environments.projects import write_project


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path / "lib")


def test_hash_changes_with_content_and_names(project):
    seen = {describe_checkout(project)}
    (project / "planted" / "__init__.py").write_text("x = 1\n")
    seen.add(describe_checkout(project))
    (project / "planted" / "__init__.py").rename(project / "planted" / "other.py")
    seen.add(describe_checkout(project))
    (project / "link").symlink_to("planted")
    seen.add(describe_checkout(project))
    assert len(seen) == 4


def test_leftovers_of_tools_do_not_count(project):
    before = describe_checkout(project)
    for name in ("build", "dist", ".venv", "planted/__pycache__", "planted.egg-info", ".git"):
        (project / name).mkdir()
        (project / name / "file").write_text("left")
    assert describe_checkout(project) == before


def test_package_called_build_is_no_leftover(project, tmp_path):
    before = describe_checkout(project)
    (project / "build").mkdir()
    (project / "build" / "__init__.py").write_text("")
    assert describe_checkout(project) != before
    assert (copy_checkout(project, tmp_path / "copy") / "build" / "__init__.py").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps neither in folders")
def test_pipes_and_sockets_are_left_out(project, tmp_path):
    """A pipe that nobody writes to has no end; a socket cannot be read."""
    before = describe_checkout(project)
    os.mkfifo(project / "planted" / "pipe")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(project):
        listener.bind("socket")  # relative: an address has a hundred bytes at most
        assert describe_checkout(project) == before
        copied = copy_checkout(project, tmp_path / "copy")
    assert describe_checkout(copied).split() == before.split()
    assert not (copied / "socket").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no sockets in folders")
def test_git_may_watch_the_files(project, tmp_path):
    """Then it listens at a socket beside what it keeps."""
    succeed(["git", "-C", str(project), "init", "-q"])
    with socket.socket(socket.AF_UNIX) as watcher, contextlib.chdir(project / ".git"):
        watcher.bind("fsmonitor--daemon.ipc")
        copied = copy_checkout(project, tmp_path / "copy")
    assert (copied / ".git" / "HEAD").exists()
    assert not (copied / ".git" / "fsmonitor--daemon.ipc").exists()


def test_commit_is_told_and_whether_files_differ(project):
    git = ["git", "-C", str(project), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        succeed([*git, *command])
    commit = succeed([*git, "rev-parse", "--short=10", "HEAD"]).stdout.strip()
    assert describe_checkout(project).endswith(f"(commit {commit})")
    (project / "planted" / "__init__.py").write_text("y = 2\n")
    assert describe_checkout(project).endswith(f"(commit {commit}+)")


def test_git_decides_what_belongs_to_a_checkout(project, tmp_path):
    """Some builds take what an earlier one left for new; git ignores it, and so do we."""
    git = ["git", "-C", str(project), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    (project / ".gitignore").write_text("*.c\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        succeed([*git, *command])
    before = describe_checkout(project)
    (project / "planted" / "loop.c").write_text("stale")
    assert describe_checkout(project) == before
    (project / "planted" / "new.py").write_text("")
    assert describe_checkout(project) != before
    copy = copy_checkout(project, tmp_path / "room")
    assert {path.name for path in (copy / "planted").iterdir()} == {"__init__.py", "new.py"}
    assert (copy / ".git").is_dir()


@pytest.fixture(params=["repository", "separate", "worktree", "relative worktree", "submodule"])
def tagged(request, project, tmp_path):
    """Return a checkout with a tag, wherever git keeps what it knows of it."""
    git = ["git", "-C", str(project), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["tag", "v3"]):
        succeed([*git, *command])
    other = tmp_path / "other"
    if request.param == "separate":
        succeed([*git, "init", "-q", "--separate-git-dir", str(tmp_path / "elsewhere")])
    elif "worktree" in request.param:
        succeed([*git, "worktree", "add", "-q", str(other)])
        if "relative" in request.param:  # as newer versions of git can write it
            (other / ".git").write_text("gitdir: ../lib/.git/worktrees/other\n")
        return other
    elif request.param == "submodule":
        succeed(["git", "init", "-q", str(other)])
        allowed = ["git", "-C", str(other), "-c", "protocol.file.allow=always"]
        succeed([*allowed, "submodule", "--quiet", "add", str(project), "vendor/lib"])
        return other / "vendor" / "lib"
    return project


def test_git_answers_in_a_copy_as_in_the_checkout(tagged, tmp_path):
    """Builds ask it for their version; what has changed since is a part of that."""
    copy = copy_checkout(tagged, tmp_path / "room" / "0")
    ask = ["git", "-C", str(copy)]
    assert succeed([*ask, "describe", "--tags", "--dirty"]).stdout == "v3\n"
    assert Path(succeed([*ask, "rev-parse", "--show-toplevel"]).stdout.strip()) == copy
    (copy / "planted" / "__init__.py").write_text("y = 2\n")
    assert succeed([*ask, "describe", "--tags", "--dirty"]).stdout == "v3-dirty\n"
    (tagged / "pyproject.toml").unlink()
    assert succeed([*ask, "diff", "--name-only"]).stdout == "planted/__init__.py\n"


@pytest.mark.parametrize("ignored", ["*", "/lib/", "lib"])
def test_checkout_that_an_enclosing_repository_ignores_is_read_without_git(
    project, tmp_path, ignored
):
    """Git lists none of its files, and the commit is that of others."""
    before = describe_checkout(project)
    (tmp_path / ".gitignore").write_text(ignored)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        succeed([*git, *command])
    assert describe_checkout(project) == before
    assert (copy_checkout(project, tmp_path / "room") / "planted" / "__init__.py").exists()
    (project / "planted" / "__init__.py").write_text("y = 2\n")
    assert describe_checkout(project) != before


def test_names_and_links_need_no_encoding(project, tmp_path):
    """A link counts by the bytes of where it leads, and a file by those of its name."""
    seen = {describe_checkout(project)}
    for target in (b"\xff", b"\xfe", "ü".encode()):
        link = project / "link"
        link.symlink_to(os.fsdecode(target))
        seen.add(describe_checkout(project))
        copy = copy_checkout(project, tmp_path / str(len(seen)))
        assert os.fsencode((copy / "link").readlink()) == target
        link.unlink()
    (project / os.fsdecode(b"\xff")).write_text("")
    seen.add(describe_checkout(project))
    assert len(seen) == 5


def test_compiled_files_are_left_where_git_is_not(project):
    before = describe_checkout(project)
    (project / "planted" / "fast.so").write_bytes(b"old")
    assert describe_checkout(project) == before


def test_copy_leaves_what_builds_left(project, tmp_path):
    (project / "dist").mkdir()
    (project / "dist" / "old.whl").write_text("")
    copy = copy_checkout(project, tmp_path / "room")
    assert (copy / "planted" / "__init__.py").exists()
    assert not (copy / "dist").exists()


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"pyproject.toml": "[project]\nname = 'a-lib'"}, "a-lib"),
        ({"pyproject.toml": "[tool.x]", "setup.cfg": "[metadata]\nname = b_lib"}, "b_lib"),
        ({"setup.cfg": "[metadata]\nname = %(odd)s"}, "%(odd)s"),
        ({"pyproject.toml": "[project]\nname = 3"}, ""),
        ({"pyproject.toml": "project = 3"}, ""),
        ({"pyproject.toml": "not toml"}, ""),
        ({"setup.cfg": "no section"}, ""),
        ({}, ""),
    ],
)
def test_name_is_what_the_files_say(tmp_path, files, name):
    for file, content in files.items():
        (tmp_path / file).write_text(content)
    assert project_name(tmp_path) == name


def test_wheel_is_called_by_its_file(tmp_path):
    wheel = tmp_path / "a_lib-1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    assert project_name(wheel) == "a_lib"
    assert copy_checkout(wheel, tmp_path / "room") == wheel
