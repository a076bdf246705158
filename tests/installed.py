"""Tries what people install, outside any checkout: a wheel that is made of the sdist.

python -m tests.installed         build both into dist/, and try them on each Python that is here
python -m tests.installed DIST    try those that lie in a folder already
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import findpython

from tests.environments.projects import path_without_shims

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")
MAX_CORE_MB = 120
SESSION = ("--rounds", "1", "--lap-time", "0.02", "--no-page", "--json", "-o", "session")
FEW = ("-n", "loopback", "-s", "aiohttp-gather", "-s", "requests-serial")
"""Of the suite, on all Pythons but the first: they are tried for their versions' sake."""
SHORT = (
    *("tests/base", "tests/operations/test_operations.py", "tests/stats/test_compare.py"),
    *("tests/stats/test_judge.py", "tests/mirror/test_server.py", "tests/measure/test_ceiling.py"),
    *(
        "tests/measure/test_matrix.py",
        "tests/measure/test_round.py",
        "tests/measure/test_worker.py",
    ),
    *("tests/measure/test_schedule.py", "tests/measure/test_verify.py"),
    *("--ignore", "tests/base/test_launching.py", "--ignore", "tests/base/test_stopwatch.py"),
)
"""Tests of the sdist, for all Pythons but the first: what depends on asyncio, and the rules.

`make test` runs all on the first. What is left out needs extras, or takes seconds.
"""
TOOLS = ("hypothesis", "pytest", "pytest-timeout", "pytest-xdist")
"""What pyproject.toml has pytest load by name, and what our plug-in's users have beside it."""
FAILS = "def test_it(crawlbench_mirror):\n    assert crawlbench_mirror().url == 'nowhere'\n"
IN_SDIST = (
    *("README.md", "CHANGELOG.md", "LICENSE", "CITATION.cff", "docs/library.md"),
    *("docs/examples/library/serving.py", "tests/installed.py", "results/reference/session.json"),
)


def main() -> None:
    """Build, unless a folder is named, and try; end with the first thing that is wrong."""
    with tempfile.TemporaryDirectory(prefix="crawlbench-installed-") as work:
        folder = Path(sys.argv[1]).resolve() if sys.argv[1:] else build(ROOT / "dist")
        sdist, wheel = one(folder, "*.tar.gz"), one(folder, "*.whl")
        os.environ["PATH"] = path_without_shims()
        source = unpack(sdist, Path(work))
        pythons = {v: p for v in VERSIONS if (p := findpython.find(v, allow_prereleases=False))}
        if not pythons:
            sys.exit(f"none of Python {', '.join(VERSIONS)} is here: nothing was tried")
        for number, (version, python) in enumerate(pythons.items()):
            place = Path(work) / version
            place.mkdir()
            attempt(place, str(python.executable), wheel, source, FEW if number else ())


def build(folder: Path) -> Path:
    """Build the sdist from the checkout, and the wheel from the sdist."""
    shutil.rmtree(folder, ignore_errors=True)
    hatchling = [sys.executable, "-m", "hatchling", "build"]
    call([*hatchling, "-t", "sdist", "-d", str(folder)], ROOT)
    with tempfile.TemporaryDirectory() as work:
        source = unpack(one(folder, "*.tar.gz"), Path(work))
        call([*hatchling, "-t", "wheel", "-d", str(folder)], source)
    return folder


def one(folder: Path, pattern: str) -> Path:
    """Return the only file of a pattern."""
    found = list(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder} holds {len(found)} files {pattern}; one is needed")
    return found[0]


def unpack(sdist: Path, work: Path) -> Path:
    """Unpack an sdist and return its folder, in which nothing of what people read may lack."""
    with tarfile.open(sdist) as archive:
        # Before 3.11.4 there are no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(work)
    source = work / sdist.name.removesuffix(".tar.gz")
    missing = [name for name in IN_SDIST if not (source / name).is_file()]
    if missing:
        sys.exit(f"{sdist.name} lacks {', '.join(missing)}")
    return source


def attempt(
    place: Path, python: str, wheel: Path, source: Path, chosen: tuple[str, ...] = ()
) -> None:
    """Install into an empty environment and do there what the first page of README does."""
    uv = [sys.executable, "-m", "uv"]
    call([*uv, "venv", "--quiet", "--python", python, "env"], place)
    its = place / "env" / "bin"
    install = [*uv, "pip", "install", "--quiet", "--python", str(its / "python")]
    call([*install, str(wheel)], place)
    size = sum(path.stat().st_size for path in (place / "env").rglob("*") if path.is_file()) / 1e6
    if size > MAX_CORE_MB:
        sys.exit(f"the core takes {size:.0f} MB on {python}; it may take {MAX_CORE_MB}")
    measure = [str(its / "crawlbench"), "run", "quick", *chosen, *SESSION]
    cells = json.loads(call(measure, place))["cells"]
    broken = [cell["cell"] for cell in cells if cell["seconds"] is None]
    if broken or not cells:
        sys.exit(f"crawlbench run quick on {python}: no time for {broken or 'any cell'}")
    examples = source / "docs" / "examples" / "library"
    call([str(its / "python"), str(examples / "serving.py")], place)
    call([*install, *TOOLS], place)
    pytest = [str(its / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    shutil.copy(examples / "test_crawler.py", place)
    call([*pytest, "test_crawler.py"], place)
    (place / "test_wrong.py").write_text(FAILS, encoding="utf-8")
    call([*pytest, "test_wrong.py"], place, code=1)
    done = f"{size:.0f} MB, {len(cells)} cells measured"
    if chosen:
        passed = call([*pytest, "-m", "not slow and not long", *SHORT], source).splitlines()[-1]
        done += f", {passed}"
    print(f"{wheel.name} on {python}: {done}")


def call(command: list[str], place: Path, code: int = 0) -> str:
    """Run a command and return what it prints; if it ends otherwise, show it all and stop."""
    ours = {name: os.environ[name] for name in os.environ if not name.startswith("PYTHON")}
    outcome = subprocess.run(
        command, cwd=place, env=ours, capture_output=True, text=True, check=False, timeout=120
    )
    if outcome.returncode != code:
        sys.exit(
            f"{' '.join(command)}: exit code {outcome.returncode}, not {code}\n"
            f"{outcome.stdout}{outcome.stderr}"
        )
    return outcome.stdout


if __name__ == "__main__":
    main()
