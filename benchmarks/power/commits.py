"""Two commits for `asv continuous`: a repository whose package says how much longer a crawl is."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.power.ground import SIDES

import crawlbench

if TYPE_CHECKING:
    from benchmarks.power.ground import Ground

INSTALL = """
import pathlib, shutil, sysconfig
packages = pathlib.Path(sysconfig.get_path("purelib"))
shutil.copytree("planted", packages / "planted", dirs_exist_ok=True)
(packages / "crawl.pth").write_text({paths!r})
"""
"""Installs a side. A .pth file adds the shared paths, because asv removes the path variables."""
ROUND_S = 1.2
"""Estimated seconds for one process of one side; asv takes a number of rounds, not a time."""
AROUND_S = 15.0
"""Seconds to check out, install and discover."""


class Commits:
    """A repository with both sides as commits, and asv's settings beside it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._home = ground.folder / "asv"
        if not self._home.exists():
            self._make()

    def compare(self, factor: float, seconds: float) -> str:
        """Return what `asv continuous` prints about both commits."""
        rounds = max(2, int((seconds - AROUND_S) / (2 * ROUND_S)))
        self._asv(f"machine --yes --config {self._home}/asv.conf.json")
        return self._asv(
            f"continuous --config {self._home}/asv.conf.json --interleave-rounds "
            f"-a rounds={rounds} -f {factor} {SIDES[0]} {SIDES[1]}"
        )

    def _asv(self, words: str) -> str:
        environment = {"HOME": str(self._home), "PYTHONPATH": "", "ASV_PYTHONPATH": ""}
        call = ("-m", "asv", *words.split())
        python = sysconfig.get_path("scripts") + "/python"
        found = self._ground.call(0, python, *call, codes=(0, 1), environment=environment)
        if "failed" in found.text or "Traceback" in found.text:
            raise SystemExit(f"asv measured nothing:\n{found.text[-2000:]}")
        return found.text

    def _make(self) -> None:
        project = self._home / "project"
        (project / "planted").mkdir(parents=True)
        ours = Path(crawlbench.__file__).parents[1]
        paths = f"{self._ground.folder}\n{ours}\n{sysconfig.get_path('purelib')}\n"
        (project / "install.py").write_text(INSTALL.format(paths=paths), encoding="utf-8")
        _git(project, "init", "--quiet")
        for name in SIDES:
            told = (self._ground.folder / name / "planted" / "__init__.py").read_text()
            (project / "planted" / "__init__.py").write_text(f"{told}# {name}\n")
            _git(project, "add", "--all")
            _git(project, "commit", "--quiet", "-m", name)
            _git(project, "tag", name)
        settings = {
            "version": 1,
            "project": "planted",
            "repo": str(project),
            "branches": ["HEAD"],
            "environment_type": "virtualenv",
            "benchmark_dir": str(self._ground.folder / "benchmarks"),
            "env_dir": str(self._home / "env"),
            "results_dir": str(self._home / "results"),
            "html_dir": str(self._home / "html"),
            "build_command": ["python -c pass"],
            "install_command": ["in-dir={build_dir} python install.py"],
            "uninstall_command": ["python -c pass"],
        }
        (self._home / "asv.conf.json").write_text(json.dumps(settings), encoding="utf-8")


def _git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=crawlbench", "-c", "user.email=none", "-c", "commit.gpgsign=false")
    when = time.strftime("%Y-%m-%dT%H:%M:%S")
    environment = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    subprocess.run(["git", *who, *words], cwd=folder, check=True, env=environment)
