"""Users' files: loaded elsewhere, so that whatever they do costs one sentence and their cell."""

from __future__ import annotations

import json
import time

import pytest

from crawlbench import registry
from crawlbench.errors import BenchError
from crawlbench.scouts import find_out, scout
from tests.users import ENDING, HARMLESS, write_users

STRATEGY = registry.Kind.STRATEGY


@pytest.fixture
def users(tmp_path):
    return write_users(tmp_path)


def assert_sentence(outcome, words, code=2):
    """One line on standard error, nothing else, and the code."""
    assert outcome.returncode == code, outcome.stderr
    assert outcome.stdout == ""
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("crawlbench: ")
    assert words in line
    assert "pip install" not in line


@pytest.mark.parametrize("name", ENDING)
def test_file_that_ends_its_process_is_refused_in_a_sentence(crawlbench, users, name):
    """Whatever it does, and with each command that takes a strategy."""
    words = ENDING[name][1]
    assert_sentence(crawlbench("crawl", "-s", f"./{name}.py"), words)
    if name in {"exits", "dies"}:
        assert_sentence(crawlbench("check", f"./{name}.py"), words)
        assert_sentence(crawlbench("run", "quick", "-s", f"./{name}.py"), words)
        assert_sentence(crawlbench("aa", "--sessions", "1", "-s", f"./{name}.py"), words)
        assert not (users / "results").exists()


@pytest.mark.parametrize("name", ["exits", "dies"])
def test_parser_and_site_that_end_their_process_are_refused(crawlbench, users, name):
    """They are users' files as strategies are."""
    words = ENDING[name][1]
    assert_sentence(crawlbench("crawl", "-s", "requests-serial", "--parser", f"{name}.py"), words)
    site = crawlbench("crawl", "-s", "requests-serial", "--site", f"{name}.py")
    assert_sentence(site, words)


def test_what_is_around_a_right_crawl_changes_nothing(users, monkeypatch):
    """All are seen to need a loop, whatever form they have."""
    monkeypatch.chdir(users)
    found = find_out([(STRATEGY, f"./{name}.py") for name in HARMLESS])
    assert {
        name: facts.trouble for name, facts in zip(HARMLESS, found, strict=True)
    } == dict.fromkeys(HARMLESS, "")
    assert all(facts.is_async for facts in found)


@pytest.mark.parametrize("name", ["instance", "argparse", "prints", "sibling", "chdir"])
def test_right_crawl_is_right_whatever_is_around_it(crawlbench, users, name):
    """250 lines, and not a word of the file's own."""
    outcome = crawlbench("crawl", "-s", f"./{name}.py")
    assert outcome.returncode == 0, outcome.stderr
    assert len(outcome.stdout.splitlines()) == 250
    assert outcome.stderr == ""


def test_patched_modules_stay_in_their_process(crawlbench, users):
    """`patch_all()` first, as gevent asks for it, once held up `crawl` for ever."""
    pytest.importorskip("gevent")
    text = (
        "from gevent import monkey; monkey.patch_all()\nimport requests\n"
        "def crawl(site, concurrency):\n"
        "    items, seen, front = [], {site.start}, [site.start]\n"
        "    with requests.Session() as session:\n"
        "        while front:\n"
        "            answer = session.get(front.pop(0)); answer.raise_for_status()\n"
        "            page = site.read(answer.url, answer.content)\n"
        "            items += page.items\n"
        "            front += [link for link in page.links if link not in seen]\n"
        "            seen.update(page.links)\n"
        "    return items\n"
    )
    (users / "patched.py").write_text(text, encoding="utf-8")
    outcome = crawlbench("crawl", "-s", "./patched.py", timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    assert len(outcome.stdout.splitlines()) == 250


@pytest.mark.slow
def test_session_with_a_file_that_breaks_keeps_the_others(crawlbench, users):
    """A cell that ends its process while it crawls costs itself only."""
    (users / "later.py").write_text(
        "import os\ndef crawl(site, concurrency):\n    os._exit(0)\n", encoding="utf-8"
    )
    files = [f"./{name}.py" for name in ("plain", "chdir", "argparse", "sibling", "later")]
    chosen = [word for file in files for word in ("-s", file)]
    sizes = ("--rounds", "1", "--laps", "1", "--min-time", "0.01", "-o", "s")
    outcome = crawlbench("run", "quick", "-n", "loopback", *chosen, *sizes)
    assert outcome.returncode == 4, outcome.stderr
    session = json.loads((users / "s" / "session.json").read_text(encoding="utf-8"))
    assert {failure["cell"].partition("/-")[0] for failure in session["failures"]} == {"./later.py"}


def test_file_that_is_never_loaded_has_a_deadline(users, monkeypatch):
    """And the file that is asked for with it is looked at all the same."""
    (users / "endless.py").write_text("while True:\n    pass\n", encoding="utf-8")
    monkeypatch.chdir(users)
    monkeypatch.setattr(scout, "LOAD_S", 1.0)
    start = time.monotonic()
    endless = find_out([(STRATEGY, "./endless.py")])[0]
    assert time.monotonic() - start < 20
    with pytest.raises(BenchError, match="was not imported within 1 s"):
        endless.require()


def test_thread_that_goes_on_holds_nobody_up(users, monkeypatch):
    """A process that is thrown away waits for no thread of a file's."""
    text = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n"
    (users / "threaded.py").write_text(text + HARMLESS["plain"], encoding="utf-8")
    monkeypatch.chdir(users)
    assert find_out([(STRATEGY, "./threaded.py")])[0].trouble == ""


def test_file_is_looked_at_again_when_it_was_edited(users, monkeypatch):
    """Else a notebook would see yesterday's mistake."""
    monkeypatch.chdir(users)
    file = users / "edited.py"
    file.write_text("1 / 0\n", encoding="utf-8")
    assert "ZeroDivisionError" in find_out([(STRATEGY, "./edited.py")])[0].trouble
    file.write_text(HARMLESS["plain"], encoding="utf-8")
    assert find_out([(STRATEGY, "./edited.py")])[0].trouble == ""
