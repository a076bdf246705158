"""What several rooms' tests need: the command line as a process, and plug-ins that are broken."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.nursery import Nursery

settings.register_profile("untimed", deadline=None)  # speed is a matter of benchmarks
settings.load_profile("untimed")

# A run in the background has them ignored, and so would have what it starts and sends them to.
for _name in ("SIGINT", "SIGHUP", "SIGQUIT"):
    _number = getattr(signal, _name, None)
    if _number and signal.getsignal(_number) is signal.SIG_IGN:
        _is_interrupt = _number == signal.SIGINT
        signal.signal(_number, signal.default_int_handler if _is_interrupt else signal.SIG_DFL)

TRUSTED = os.environ.get("SSL_CERT_FILE")
PLUGINS = Path(__file__).parent / "plugins"

BRIEFLY = {
    "CRAWLBENCH_RUN_LAP_TIME": "0.02",
    "CRAWLBENCH_RUN_MIN_TIME": "0.01",
    "CRAWLBENCH_RUN_PAGE": "0",
    "CRAWLBENCH_SWEEP_LAP_TIME": "0.02",
    "CRAWLBENCH_SWEEP_MIN_TIME": "0.01",
}
"""Variables for sessions whose figures and page nobody looks at; options take precedence."""


def command_line(*arguments, **options):
    """Return the arguments of `subprocess.run` for one call of `crawlbench`."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(PLUGINS),
        "COLUMNS": "80",
        "TERM": "dumb",
        **BRIEFLY,
        "XDG_CONFIG_HOME": str(options.get("cwd", PLUGINS / "no-settings")),
    }
    command = [sys.executable, "-m", "crawlbench", *map(str, arguments)]
    return {"args": command, "env": environment, "text": True, "encoding": "utf-8", **options}


def pytest_collection_modifyitems(items):
    """Begin with the files that take long: at the end no worker is alone with one of them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for no garbage among tests that are collected, neither meanwhile nor ever after.

    They are thousands, and from here on garbage is looked for some hundred times.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def _swept():
    """Collect garbage before the next file: what was left open fails the tests that left it.

    What is still in use then is not looked at again, else each file would take longer. Folders of
    plug-ins that are files leave the import path, which all processes that are spawned inherit.
    """
    path = list(sys.path)
    yield
    sys.path[:] = path
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _trusted_again():
    """Trust whom the run trusts, before and after each test: a crawl in this process names others.

    Before it, too, for what a fixture of the file has crawled.
    """
    _trust()
    yield
    _trust()


def _trust():
    if TRUSTED is None:
        os.environ.pop("SSL_CERT_FILE", None)
    else:
        os.environ["SSL_CERT_FILE"] = TRUSTED


@pytest.fixture(scope="session")
def nursery():
    """Return the process that stands ready for calls, or None where there is no fork."""
    if not hasattr(os, "fork"):
        yield None
        return
    started = Nursery(command_line()["env"])
    yield started
    started.close()


@pytest.fixture(scope="session")
def call_in(nursery):
    """Return a function that calls `crawlbench` in a folder and waits for its end.

    Files may be given for its standard output and its standard error, but no pipes.
    """

    def call(cwd, *arguments, timeout=110, **options):
        settings = command_line(*arguments, cwd=cwd, timeout=timeout, **options)
        environment = settings["env"]
        streams = {name: options[name] for name in ("stdout", "stderr") if name in options}
        others = set(options) - {"env", "input", *streams}
        if nursery and not others and nursery.can_serve(environment):
            words = settings["args"][3:]
            given = {"cwd": cwd, "environment": environment, "text": options.get("input", "")}
            return nursery.call(words, timeout=timeout, **given, **streams)
        pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        return subprocess.run(**{**pipes, **settings}, check=False)

    return call


@pytest.fixture
def crawlbench(tmp_path, call_in):
    """Return what `call_in` returns, for calls in an empty folder."""

    def call(*arguments, cwd=tmp_path, **options):
        return call_in(cwd, *arguments, **options)

    return call


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """Return a folder with the sessions and files that the documents' commands name."""
    folder, root = tmp_path_factory.mktemp("workshop"), Path(__file__).resolve().parent.parent
    for name in ("default", "MY-SESSION", "base", "head"):
        shutil.copytree(root / "results" / "default", folder / "results" / name)
    head = folder / "results" / "head" / "session.json"
    told = json.loads(head.read_text("utf-8"))
    # Else it would be refused as a copy of the base.
    head.write_text(json.dumps({**told, "created": "2026-12-01T00:00:00+00:00"}), "utf-8")
    for name in ("my_strategy.py", "mine.py"):
        shutil.copy(root / "docs" / "examples" / "my_strategy.py", folder / name)
    shutil.copy(root / "docs" / "examples" / "my_suite.toml", folder)
    return folder
