"""Files of users: whatever they do when they are imported costs a sentence, and nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time

import pytest

from crawlbench.base.errors import BrokenPluginError, NotInstalledError
from crawlbench.base.model import Site
from crawlbench.measure.crawling import run_crawls
from crawlbench.plugins import scouts
from crawlbench.plugins.files import load_strategy
from crawlbench.plugins.registry import Kind, needs_loop
from crawlbench.plugins.scouts import PluginFacts, describe_plugin, find_out

pytestmark = pytest.mark.slow

HONEST = """
import gzip, http.client
from urllib.parse import urlsplit

def crawl(site, concurrency):
    c = http.client.HTTPConnection(urlsplit(site.start).netloc)
    items, seen, front = [], {site.start}, [site.start]
    while front:
        url = front.pop(0)
        parts = urlsplit(url)
        path = parts.path + ("?" + parts.query if parts.query else "")
        c.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = c.getresponse()
        page = site.read(url, gzip.decompress(answer.read()))
        items += page.items
        front += [link for link in page.links if link not in seen]
        seen.update(page.links)
    c.close()
    return items
"""
ASYNC = (
    HONEST.replace("def crawl", "def plain")
    + """
async def fetch(site, concurrency):
    return plain(site, concurrency)
"""
)
HARMLESS = {
    "another folder": "import os; os.chdir('/')",
    "a parser of arguments": "import argparse; argparse.ArgumentParser().parse_args()",
    "patches": "from gevent import monkey; monkey.patch_all()",
    "a thread that never ends": (
        "import threading, time; threading.Thread(target=time.sleep, args=(999,)).start()"
    ),
    "printed text": "import os; print('1 spam'); os.write(1, b'2 spam')",
    "signal handlers": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "another path": "import sys; sys.path.insert(0, 'nowhere')",
    "no way out": "import os, sys; os._exit = sys.exit = lambda *_: None",
}
ENDING = {
    "raise SystemExit": "ends itself when it is imported (SystemExit: None)",
    "import sys; sys.exit('so long')": "ends itself when it is imported (SystemExit: so long)",
    "raise KeyboardInterrupt": "cannot be imported: KeyboardInterrupt",
    "import os; os._exit(0)": "ends the process that imports it: ended with exit code 0",
    "import os; os.kill(os.getpid(), 9)": "ends the process that imports it: ended by SIGKILL",
    "import os; os.abort()": "ends the process that imports it: ended by SIGABRT",
    "import argparse; argparse.ArgumentParser().error('x')": "(SystemExit: 2)",
    "1 / 0": "cannot be imported: ZeroDivisionError",
}
LIKE_OTHERS = (
    *("another folder", "another path", "a parser of arguments"),
    *("import sys; sys.exit('so long')", "import os; os.abort()"),
    "import argparse; argparse.ArgumentParser().error('x')",
)
"""What differs little from what stands beside it; only in `make test-all`."""
FORMS = {
    "a callable instance": (
        "class Crawler:\n"
        "    async def __call__(self, site, concurrency):\n"
        "        return plain(site, concurrency)\n"
        "crawl = Crawler()\n"
    ),
    "a decorated function": (
        "import functools\n"
        "def logged(function):\n"
        "    @functools.wraps(function)\n"
        "    def wrapper(*a, **k):\n"
        "        return function(*a, **k)\n"
        "    return wrapper\n"
        "crawl = logged(fetch)\n"
    ),
    "a partial": "import functools\ncrawl = functools.partial(fetch)\n",
    "a partial of an instance": (
        "import functools\n"
        "class Crawler:\n"
        "    async def __call__(self, site, concurrency, retries):\n"
        "        return plain(site, concurrency)\n"
        "crawl = functools.partial(Crawler(), retries=3)\n"
    ),
    "an instance whose call is decorated": (
        "import functools\n"
        "def logged(function):\n"
        "    return functools.wraps(function)(lambda *a: function(*a))\n"
        "class Crawler:\n"
        "    @logged\n"
        "    async def __call__(self, site, concurrency):\n"
        "        return plain(site, concurrency)\n"
        "crawl = Crawler()\n"
    ),
    "a decorator that is a class": (
        "import functools\n"
        "class Logged:\n"
        "    def __init__(self, function):\n"
        "        functools.update_wrapper(self, function)\n"
        "        self.function = function\n"
        "    def __call__(self, *a):\n"
        "        return self.function(*a)\n"
        "crawl = Logged(fetch)\n"
    ),
    "a decorated partial": (
        "import functools\n"
        "inner = functools.partial(fetch)\n"
        "crawl = functools.wraps(inner)(lambda *a: inner(*a))\n"
    ),
    "a method": (
        "class Crawler:\n"
        "    async def work(self, site, concurrency):\n"
        "        return plain(site, concurrency)\n"
        "crawl = Crawler().work\n"
    ),
    "a method that is a generator": (
        "class Crawler:\n"
        "    async def work(self, site, concurrency):\n"
        "        for item in plain(site, concurrency):\n"
        "            yield item\n"
        "crawl = Crawler().work\n"
    ),
    "an instance that is a generator": (
        "class Crawler:\n"
        "    async def __call__(self, site, concurrency):\n"
        "        for item in plain(site, concurrency):\n"
        "            yield item\n"
        "crawl = Crawler()\n"
    ),
}
PLAIN_FORMS = {
    "an instance": (
        "class Crawler:\n"
        "    def __call__(self, site, concurrency):\n"
        "        return plain(site, concurrency)\n"
        "crawl = Crawler()\n"
    ),
    "a decorator that runs a loop": (
        "import asyncio, functools\n"
        "def plainly(function):\n"
        "    return functools.wraps(function)(lambda *a: asyncio.run(function(*a)))\n"
        "crawl = plainly(fetch)\n"
    ),
    "a partial": "import functools\ncrawl = functools.partial(plain)\n",
    "a method that is a generator": (
        "class Crawler:\n"
        "    def work(self, site, concurrency):\n"
        "        yield from plain(site, concurrency)\n"
        "crawl = Crawler().work\n"
    ),
    "a decorator of a plain function": (
        "import functools\ncrawl = functools.wraps(plain)(lambda *a: plain(*a))\n"
    ),
}
HIDDEN = {
    "a coroutine": "crawl = lambda site, concurrency: fetch(site, concurrency)\n",
    "an async_generator": (
        "async def items(site, concurrency):\n"
        "    yield plain(site, concurrency)[0]\n"
        "def crawl(site, concurrency):\n"
        "    return items(site, concurrency)\n"
    ),
}


def few(every, *long):
    """Return all as parameters, some of them for long runs."""
    return [pytest.param(one, marks=pytest.mark.long if one in long else ()) for one in every]


def strategy(folder, text, name="mine.py"):
    """Write a user's strategy; return what is asked for."""
    (folder / name).write_text(text)
    return Kind.STRATEGY, str(folder / name)


def crawl_of(folder, text):
    """Return what a harmless file calls its crawl, imported here."""
    return load_strategy(strategy(folder, text)[1])


@pytest.mark.parametrize("kind", few(HARMLESS, *LIKE_OTHERS))
def test_file_that_changes_its_process_changes_no_other(tmp_path, kind):
    """Not ours, nor that of the next file."""
    asked = strategy(tmp_path, HARMLESS[kind] + HONEST)
    (facts,) = find_out([asked])
    facts.require()
    assert not facts.is_async


@pytest.mark.parametrize("text", few(ENDING, *LIKE_OTHERS))
def test_file_that_ends_its_process_is_told_in_a_sentence(tmp_path, text):
    """The manager lives, and what is asked for with it is found."""
    asked = strategy(tmp_path, text)
    facts, other = find_out([asked, (Kind.STRATEGY, "requests-serial")])
    with pytest.raises(BrokenPluginError) as caught:
        facts.require()
    assert "mine.py" in str(caught.value)
    assert ENDING[text] in str(caught.value)
    other.require()


def test_file_that_never_comes_to_an_end_has_a_deadline(tmp_path, monkeypatch):
    """Its process is killed."""
    monkeypatch.setattr(scouts.scout, "LOAD_S", 2.0)
    began = time.monotonic()
    (facts,) = find_out([strategy(tmp_path, "while True: pass")])
    with pytest.raises(BrokenPluginError, match=r"was not imported within 2 s; fix it"):
        facts.require()
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("signature", "told"),
    [
        ("def crawl(site): ...", "takes (site), but is called with (site, concurrency)"),
        ("crawl = 3", "is 3, not a function to call with (site, concurrency)"),
    ],
)
def test_signature_that_cannot_be_called_is_refused_at_load(tmp_path, signature, told):
    """Else every fault would be met by a TypeError."""
    (facts,) = find_out([strategy(tmp_path, signature)])
    with pytest.raises(BrokenPluginError) as caught:
        facts.require()
    assert told in str(caught.value)


def test_module_beside_a_file_is_found_but_never_takes_the_place_of_ours(tmp_path):
    """As for a script, be it a file or a package; `queue.py` there is not the library's."""
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "inner.py").write_text("NAME = 'inner'\n")
    (tmp_path / "helper.py").write_text(
        "from queue import Queue\nfrom pack.inner import NAME\n" + HONEST
    )
    (tmp_path / "queue.py").write_text("raise SystemExit('the wrong queue')")
    (facts,) = find_out([strategy(tmp_path, "from helper import crawl")])
    facts.require()


SPAWNS = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

def double(body):
    return body * 2

def crawl(site, concurrency):
    with ProcessPoolExecutor(1, get_context(site)) as pool:
        return pool.submit(double, b"12").result()
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.parametrize("mark", ["_", "-"])
def test_processes_find_the_functions_of_a_file(tmp_path, method, mark):
    """Also where they begin without what their parent knows: they import it by its own name."""
    name = f"pool{mark}by{mark}{method}"
    path = tmp_path / f"{name}.py"
    path.write_text(SPAWNS, encoding="utf-8")
    crawl = load_strategy(str(path))
    assert crawl.__module__ == name
    assert load_strategy(str(path)) is crawl
    assert crawl(method, 1) == b"1212"


@pytest.mark.parametrize("name", ["queue", "two.dots", "json", "crawlbench", "__main__", "folder"])
def test_file_never_takes_the_name_of_another_module(tmp_path, name):
    """Be it Python's, ours or one beside it; its own name does not depend on the process."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__init__.py").touch()
    path = tmp_path / f"{name}.py"
    path.write_text("def crawl(site, concurrency):\n    return []\n", encoding="utf-8")
    before = sys.modules.get(name)
    first = load_strategy(str(path))
    assert sys.modules.get(name) is before
    digest = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()
    assert first.__module__ == f"crawlbench_file_{name}_{digest[:16]}"
    assert load_strategy(str(path)) is first


def test_files_of_one_name_are_two_modules(tmp_path):
    """The first one has the name, the second one a name of its own."""
    made = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "same_name.py"
        path.write_text(f"def crawl(site, concurrency):\n    return {folder!r}\n")
        made.append(load_strategy(str(path)))
    assert [crawl(None, 1) for crawl in made] == ["a", "b"]
    assert made[0].__module__ == "same_name"


@pytest.mark.parametrize("name", ["helper", "crawlbench_helper"])
def test_nobody_is_told_to_install_a_strangers_package(tmp_path, name):
    """A user's own module has a name that anybody may take on an index."""
    (facts,) = find_out([strategy(tmp_path, f"import {name}")])
    with pytest.raises(NotInstalledError) as caught:
        facts.require()
    assert f"needs the module '{name}', which is neither installed here nor beside the file" in str(
        caught.value
    )
    assert "pip install" not in str(caught.value)


def test_file_is_looked_at_again_when_it_was_edited(tmp_path):
    """Else a notebook would see yesterday's mistake."""
    (broken,) = find_out([strategy(tmp_path, "1 / 0\n")])
    assert "ZeroDivisionError" in broken.trouble
    (mended,) = find_out([strategy(tmp_path, HONEST)])
    assert mended.trouble == ""


def test_file_that_is_saved_while_it_is_looked_at_is_looked_at_again(tmp_path, monkeypatch):
    """When somebody asks next: it had been an error in crawlbench itself, or a look without end."""
    asked, looks = strategy(tmp_path, "1"), []

    def look(group):
        looks.append(group)
        strategy(tmp_path, "1" * (len(looks) + 1))
        return [PluginFacts(trouble=f"look {len(looks)}") for _ in group]

    monkeypatch.setattr(scouts.scout, "_look", look)
    monkeypatch.setattr(scouts.scout, "_known", {})
    assert [one.trouble for one in find_out([asked, asked])] == ["look 1"] * 2
    assert [one.trouble for one in find_out([asked])] == ["look 2"]
    monkeypatch.setattr(scouts.scout, "_look", lambda group: [PluginFacts() for _ in group])
    find_out([asked])
    monkeypatch.setattr(scouts.scout, "_look", lambda _: pytest.fail("nothing was saved"))
    find_out([asked])


SITE_WITH_DATA = """
from pathlib import Path

from crawlbench.base.model import Item, PageKind, SiteSpec
from crawlbench.sites.written import WrittenPages

def bodies():
    return {"/": Path(__file__).with_name("data.json").read_bytes()}

SITE = SiteSpec(
    name="own",
    path="/",
    kinds=(PageKind("/", "", (), "links"),),
    item_type=Item,
    page_address=str,
    expected_items=list,
    expected_pages=1,
    pages=lambda: WrittenPages(bodies(), {"Content-Type": "application/json"}),
    media="json",
)
"""


def test_data_beside_a_site_in_python_are_part_of_its_content(tmp_path):
    """A copy elsewhere is the same site; one whose pages come from other data is another."""
    asked = []
    for place, data in (("one", "[]"), ("copy", "[]"), ("other", "[1]"), ("lost", None)):
        (tmp_path / place).mkdir()
        (tmp_path / place / "own.py").write_text(SITE_WITH_DATA, encoding="utf-8")
        if data:
            (tmp_path / place / "data.json").write_text(data, encoding="utf-8")
        asked.append((Kind.SITE, str(tmp_path / place / "own.py")))
    one, copy, other, lost = find_out(asked)
    assert not any(facts.trouble for facts in (one, copy, other, lost))
    assert one.content == copy.content
    assert len({one.content, other.content, lost.content}) == 3


@pytest.mark.parametrize("form", PLAIN_FORMS)
def test_forms_of_a_plain_function_need_none(tmp_path, form):
    """Even one that runs a loop for itself, and could not in ours."""
    facts = describe_plugin(*strategy(tmp_path, ASYNC + PLAIN_FORMS[form]))
    facts.require()
    assert not facts.is_async


@pytest.mark.parametrize(
    "text",
    [
        *(ASYNC + FORMS[form] for form in FORMS),
        *(ASYNC + PLAIN_FORMS[form] for form in PLAIN_FORMS),
    ],
    ids=[*FORMS, *(f"plain: {form}" for form in PLAIN_FORMS)],
)
def test_every_form_crawls(tmp_path, text):
    """As what it was taken for."""
    made = crawl_of(tmp_path, text)
    factory = asyncio.SelectorEventLoop if needs_loop(made) else None
    site = Site("http://127.0.0.1:1/", lambda *_: None, None, None)
    with pytest.raises(ConnectionRefusedError):
        run_crawls(made, site, 1, 1, factory)


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_only_a_loop_can_run_is_told_in_a_sentence(tmp_path, kind):
    """A plain function that hands it on cannot be seen through before it is called."""
    made = crawl_of(tmp_path, ASYNC + HIDDEN[kind])
    assert not needs_loop(made)
    with pytest.raises(TypeError, match=f"returned {kind.split()[1]} .*; write `async def crawl"):
        run_crawls(made, Site("http://127.0.0.1:1/", lambda *_: None, None, None), 1, 1, None)


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_coroutine_function_need_a_loop(tmp_path, form):
    """What is called decides, not what it looks like."""
    facts = describe_plugin(*strategy(tmp_path, ASYNC + FORMS[form]))
    facts.require()
    assert facts.is_async


@pytest.mark.parametrize(
    "call",
    [
        ("crawl", "-s", "./mine.py"),
        ("check", "./mine.py"),
        ("run", "quick", "-s", "./mine.py"),
        ("aa", "-s", "./mine.py"),
        ("crawl", "-s", "requests-serial", "--parser", "./mine.py"),
        ("crawl", "-s", "requests-serial", "--site", "./mine.py"),
    ],
    ids=" ".join,
)
def test_no_command_ends_with_a_users_file(tmp_path, crawlbench, call):
    """They ended with 0 and without a word."""
    strategy(tmp_path, "raise SystemExit(0)")
    done = crawlbench(*call)
    assert done.returncode == 2
    assert "mine.py ends itself when it is imported (SystemExit: 0)" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="gevent patches what Windows has not")
def test_crawl_of_a_patched_file_ends(tmp_path, crawlbench):
    """`monkey.patch_all()` at the top had stopped the manager for ever."""
    text = HARMLESS["printed text"] + "\n" + HARMLESS["patches"] + HONEST
    strategy(tmp_path, text)
    done = crawlbench("crawl", "-s", "./mine.py")
    assert done.returncode == 0
    ranks = [int(line.split()[0]) for line in done.stdout.splitlines()]
    assert ranks == list(range(1, 251))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "def crawl(site, concurrency): return []",
            "0 items came, 0 of them distinct; the site has 250",
        ),
        pytest.param(
            HONEST.replace("return items", "return items[:25] * 10"),
            "250 items came, 25 of them distinct; the site has 250",
            marks=pytest.mark.long,
        ),
        pytest.param(
            HONEST.replace("return items", "return items + items[:1]"),
            "251 items came, 250 of",
            marks=pytest.mark.long,
        ),
        pytest.param(
            HONEST.replace("return items", "return items[1:]"),
            "249 items came",
            marks=pytest.mark.long,
        ),
        (
            HONEST.replace(
                "return items",
                "import dataclasses\n    return [\n"
                "        dataclasses.replace(items[0], title='x'), *items[1:]]",
            ),
            "250 items came, 250 of them distinct; rank 1 has title 'x' instead",
        ),
    ],
    ids=["nothing", "one page ten times", "one item twice", "one too few", "something else"],
)
def test_crawl_says_when_what_came_back_is_not_the_site(tmp_path, crawlbench, text, told):
    """And fails."""
    strategy(tmp_path, text)
    done = crawlbench("crawl", "-s", "./mine.py")
    assert done.returncode == 4
    assert f"./mine.py did not return the site's items: {told}" in done.stderr


def test_crawl_that_ends_its_process_is_told_in_a_sentence(tmp_path, crawlbench):
    """In the middle of it."""
    strategy(tmp_path, "import os\ndef crawl(site, concurrency): os._exit(0)")
    done = crawlbench("crawl", "-s", "./mine.py")
    assert done.returncode == 4
    assert done.stderr == "crawlbench: ./mine.py ended its process: ended with exit code 0\n"


@pytest.mark.slow
def test_session_with_a_file_that_breaks_keeps_the_others(tmp_path, crawlbench):
    """A cell that ends its process while it crawls costs itself only."""
    texts = {
        "plain": HONEST,
        "chdir": HARMLESS["another folder"] + HONEST,
        "argparse": HARMLESS["a parser of arguments"] + HONEST,
        "later": "import os\ndef crawl(site, concurrency): os._exit(0)",
    }
    chosen = []
    for name, text in texts.items():
        strategy(tmp_path, text, f"{name}.py")
        chosen += ["-s", f"./{name}.py"]
    sizes = ("--rounds", "1", "--laps", "1", "--min-time", "0.01", "-o", "s")
    done = crawlbench("run", "quick", "-n", "loopback", *chosen, *sizes)
    assert done.returncode == 4, done.stderr
    session = json.loads((tmp_path / "s" / "session.json").read_text(encoding="utf-8"))
    assert {failure["cell"].partition("/-")[0] for failure in session["failures"]} == {"./later.py"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("crawl", "-s", "requests-serial", "-l", "uvloop"),
            "--loop uvloop would have no effect: requests-serial needs no event loop; leave it out",
        ),
        (
            ("check", "requests-serial", "-l", "uvloop"),
            "--loop uvloop would have no effect: requests-serial needs no event loop; leave it out",
        ),
        (
            ("crawl", "-s", "requests-serial", "--url", "http://127.0.0.1:9", "-n", "wan"),
            "--network wan has no effect with --url; leave it out",
        ),
        (
            ("crawl", "-s", "requests-serial", "--ca-file", "x.pem"),
            "--ca-file is for --url; the mirror's authority is trusted anyway",
        ),
    ],
    ids=["crawl --loop", "check --loop", "--network", "--ca-file"],
)
def test_option_that_would_change_nothing_is_refused(crawlbench, options, told):
    """Who gives it believes that it does."""
    done = crawlbench(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"crawlbench: {told}\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_file_that_forks_has_a_deadline_too(tmp_path, monkeypatch):
    """All that it started is killed, which held the line open."""
    monkeypatch.setattr(scouts.scout, "LOAD_S", 2.0)
    (facts,) = find_out([strategy(tmp_path, "import os, time\nos.fork()\ntime.sleep(600)")])
    with pytest.raises(BrokenPluginError, match=r"was not imported within 2 s"):
        facts.require()
