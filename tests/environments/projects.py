"""Small projects of our own, to be installed where a test needs one, and how they are built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from crawlbench.environments.building import build
from crawlbench.environments.requirements import needed_packages
from crawlbench.environments.spec import parse_environment

PROJECT = """
[build-system]
requires = ["flit-core>=3.9"]
build-backend = "flit_core.buildapi"

[project]
name = "{name}"
version = "{version}"
description = "planted"
requires-python = "{python}"
dependencies = [{requires}]
"""
NEEDED = needed_packages({}, {})
BUILD = """
import json, sys
from dataclasses import asdict
from crawlbench.environments.building import build
from crawlbench.environments.spec import parse_environment
told = []
facts = build(parse_environment(sys.argv[1]), json.loads(sys.argv[2]), told.append)
print(json.dumps([told, asdict(facts)]))
"""


def write_project(folder, name="planted", version="1.0", code="", python=">=3.11", requires=""):
    """Write a package that can be installed, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"name": name, "version": version, "python": python}
    quoted = f'"{requires}"' if requires else ""
    (folder / "pyproject.toml").write_text(PROJECT.format(**about, requires=quoted))
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "__init__.py").write_text(code)
    return folder


def path_without_shims():
    """Return the path of programs with the versions of pyenv and asdf in place of their shims.

    A shim starts a shell, or several, to tell a version. Without the user's home folder nothing but
    the shims tells where those versions are.
    """
    folders = []
    for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
        if folder.name != "shims":
            folders.append(folder)
            continue
        for versions in ("versions/*/bin", "installs/python/*/bin"):
            folders += sorted(folder.parent.glob(versions))
    return os.pathsep.join(map(str, folders))


def built(spec, needed=NEEDED):
    """Build an environment, and return its facts and what was told."""
    told = []
    return build(parse_environment(spec), needed, told.append), told


def in_process(spec):
    """Start a process that builds an environment, and prints what `built` returns."""
    command = [sys.executable, "-c", BUILD, spec, json.dumps(list(NEEDED))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
