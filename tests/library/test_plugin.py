"""The pytest plug-in, in a pytest of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from tests.child import succeed, was_too_busy

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "library"
CRAWL = """
import http.client
from urllib.parse import urlsplit


def crawl(site, concurrency):
    items, seen, queue = [], {site.start}, [site.start]
    connection = http.client.HTTPConnection(urlsplit(site.start).netloc)
    while queue:
        url = queue.pop(0)
        path = urlsplit(url)._replace(scheme="", netloc="").geturl()
        connection.request("GET", path)
        page = site.read(url, connection.getresponse().read())
        sum(n * n for n in range(WORK))
        items.extend(page.items)
        for link in page.links:
            if link not in seen:
                seen.add(link)
                queue.append(link)
    connection.close()
    return items
"""
LITTLE, MUCH = "100_000", "800_000"
"""Steps of work for each page: a difference that no busy machine hides."""
MARKED = """
import pytest


@pytest.mark.crawlbench
def test_marked(): pass


def test_other(): pass


def test_measures(crawlbench_ab): pass
"""


@pytest.fixture
def pytester(tmp_path):
    """Return a function that runs pytest in an empty folder, with our plug-in and anyio's alone."""

    def run(*arguments):
        call = [sys.executable, "-m", "pytest", "-p", "crawlbench.library.plugin", "-p", "anyio"]
        # Without it an installation that knows the entry point would load the plug-in twice.
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
        return subprocess.run(
            [*call, "--strict-markers", "-p", "no:cacheprovider", "-rA", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def outcomes(run):
    """Return how many tests ended how."""
    found = re.findall(r"(\d+) (\w+)", run.stdout.splitlines()[-1].partition(" in ")[0])
    return {word: int(count) for count, word in found}


def test_entry_point_leads_to_the_plugin():
    """By which pytest finds it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"]["pytest11"]
    assert [import_module(home).MARKER for home in points.values()] == ["crawlbench"]


def test_plugin_loads_nothing_before_it_is_asked_for():
    """Every pytest of whoever has crawlbench installed imports it."""
    code = (
        "import sys, crawlbench.library.plugin\n"
        "print(*sorted(name for name in sys.modules if name.startswith('crawlbench')))"
    )
    call = [sys.executable, "-c", code]
    outcome = succeed(call)
    packages = ["crawlbench", "crawlbench.library"]
    assert outcome.stdout.split() == [*packages, "crawlbench.library.plugin"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"passed": 1, "skipped": 2}),
        (("--crawlbench",), {"passed": 3}),
        pytest.param(("-m", "crawlbench"), {"passed": 2, "deselected": 1}, marks=pytest.mark.long),
        pytest.param(
            ("-m", "not crawlbench"), {"passed": 1, "deselected": 2}, marks=pytest.mark.long
        ),
    ],
    ids=["ordinary", "option", "marker", "without"],
)
def test_measuring_tests_run_only_if_they_are_asked_for(pytester, tmp_path, arguments, expected):
    """By option or by marker; who takes the fixture has the marker too."""
    (tmp_path / "test_it.py").write_text(MARKED)
    run = pytester(*arguments)
    assert outcomes(run) == expected, run.stdout


def test_mirror_is_there_for_tests_of_both_kinds(pytester, tmp_path):
    """The page's own example, and an `async` test; both mirrors are gone afterwards."""
    shutil.copy(EXAMPLES / "test_crawler.py", tmp_path)
    (tmp_path / "test_async.py").write_text(
        "import urllib.error, urllib.request\n"
        "import pytest\n"
        "seen = []\n"
        "@pytest.mark.anyio\n"
        "@pytest.mark.parametrize('anyio_backend', ['asyncio'])\n"
        "async def test_async(crawlbench_mirror_async, anyio_backend):\n"
        "    served = await crawlbench_mirror_async('index')\n"
        "    seen.append(served.url)\n"
        "    assert urllib.request.urlopen(served.url).status == 200\n"
        "def test_gone():\n"
        "    with pytest.raises(urllib.error.URLError):\n"
        "        urllib.request.urlopen(seen[0])\n"
    )
    run = pytester()
    assert outcomes(run) == {"passed": 3}, run.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("crawlbench_mirror('indx')", "unknown site 'indx'"),
        ("crawlbench_ab('requests-serial', 'requests==2')", "is a strategy and"),
    ],
)
def test_bad_input_fails_with_a_sentence_and_no_traceback(pytester, tmp_path, line, words):
    """The fault is the test's, so nothing of ours is shown."""
    fixture = line.partition("(")[0]
    (tmp_path / "test_it.py").write_text(f"def test_it({fixture}):\n    {line}\n")
    run = pytester("--crawlbench")
    assert outcomes(run) == {"failed": 1}
    assert words in run.stdout
    assert "Error" not in run.stdout


def test_gate_decides_on_what_was_measured(pytester, tmp_path):
    """Here the reference session, so that no busy machine has a say; the next test measures."""
    (tmp_path / "conftest.py").write_text(
        "import crawlbench\n"
        "from crawlbench.library import measurement\n"
        f"kept = crawlbench.load_session({str(ROOT / 'results' / 'reference')!r})\n"
        "measurement.ab = lambda old, new, **options: kept\n"
    )
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('gate', [5, 50])\n"
        "def test_it(crawlbench_ab, gate):\n"
        "    session = crawlbench_ab('old', 'new', gate_percent=gate)\n"
        "    assert session.rounds == 8\n"
    )
    run = pytester("--crawlbench", "--junitxml=report.xml")
    assert outcomes(run) == {"failed": 1, "passed": 1}, run.stdout
    assert "FAILED test_it.py::test_it[5]" in run.stdout
    words = "requests-threads against requests-serial on loopback: 1.087 times the time"
    assert words in run.stdout
    assert (tmp_path / "report.xml").read_text().count("(1.071 to 1.104, at 95 %)") >= 2


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(590)
@pytest.mark.parametrize(
    ("main", "branch", "outcome", "words"),
    [
        (LITTLE, MUCH, "failed", r"slower, at a gate of 10 %.*\n.* times the time \(.* to .*, at"),
        (MUCH, LITTLE, "passed", ""),
    ],
    ids=["slower", "faster"],
)
def test_pull_request_of_the_page_passes_and_fails_as_it_should(
    pytester, tmp_path, main, branch, outcome, words
):
    """Work is planted on one side, so much that it shows on any machine."""
    shutil.copy(EXAMPLES / "test_pull_request.py", tmp_path)
    (tmp_path / "crawl_main.py").write_text(CRAWL.replace("WORK", main))
    (tmp_path / "crawl.py").write_text(CRAWL.replace("WORK", branch))
    run = pytester("-m", "crawlbench", "--junitxml=report.xml")
    wrong = r"passed, at a gate|1 passed" if outcome == "failed" else r"slower, at a gate"
    assert not re.search(wrong, run.stdout), run.stdout
    if was_too_busy(run.stdout):
        assert outcomes(run) == {"failed": 1}
        pytest.skip("this machine is so busy that the judge rightly says nothing")
    assert outcomes(run) == {outcome: 1}, run.stdout
    assert re.search(words, run.stdout), run.stdout
    assert "times the time" in (tmp_path / "report.xml").read_text()
