"""Small projects of our own, to be installed where a test needs one."""

from __future__ import annotations

PROJECT = """
[build-system]
requires = ["flit-core>=3.9"]
build-backend = "flit_core.buildapi"

[project]
name = "{name}"
version = "{version}"
description = "planted"
requires-python = "{python}"
"""


def write_project(folder, name="planted", version="1.0", code="", python=">=3.11"):
    """Write a package that can be installed, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = PROJECT.format(name=name, version=version, python=python)
    (folder / "pyproject.toml").write_text(text)
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "__init__.py").write_text(code)
    return folder
