"""Crawls in a process of its own, and reports results and what stays open (floor 4).

`python -m crawlbench.check.trial JOB`: the job is JSON, and each crawl is reported in a line of
JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import threading
import time
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import psutil

from crawlbench.base.children import open_channel
from crawlbench.base.digest import as_rows, digest_rows
from crawlbench.base.errors import BenchError, UsageError
from crawlbench.base.model import USUAL_PARSERS
from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from crawlbench.base.model import Reader, Site, SiteSpec
    from crawlbench.check.subject import CrawlFailure, CrawlReport, Names, Start, TrialJob

GRACE_S = 0.5
"""Seconds to wait for things that a library closes soon after a crawl, such as TLS connections."""


def main() -> None:
    """Do the job; report each crawl in a line, and warnings of leaks in the last one."""
    job: TrialJob = json.loads(sys.argv[1])
    say = open_channel()
    complaints = _listen_to_complaints()
    try:
        spec, read = _load_site(job)
    except UsageError as error:  # no fault of the strategy's
        say({"refused": str(error)})
        return
    before = _look_around()  # what a site or a parser starts is no fault of the strategy's either
    try:
        watched = _Watched(spec, *_load_strategy(job), read)
    except BenchError as error:
        for _ in job["starts"]:
            say({"error": _describe(error)})
        return
    say({"started": _started_since(before)})
    for start in job["starts"]:
        say(_crawl_once(watched, job, start))
    # What only the strategy held is collected now, while its warnings are still heard.
    del watched
    gc.collect()
    say({"complaints": complaints})


def _load_site(job: TrialJob) -> tuple[SiteSpec, Reader]:
    """Return the site, and what reads its pages."""
    spec: SiteSpec = registry.load(registry.Kind.SITE, job["site"])
    parser = job["parser"] or USUAL_PARSERS[spec.media]
    return spec, registry.load(registry.Kind.PARSER, parser)(spec)


def _load_strategy(job: TrialJob) -> tuple[Any, Any]:
    """Return the strategy, and what makes its event loop; None if it needs none."""
    factory = (
        registry.load(registry.Kind.EVENT_LOOP, job["event_loop"])
        if registry.is_async(job["strategy"])
        else None
    )
    return registry.load(registry.Kind.STRATEGY, job["strategy"]), factory


def _crawl_once(watched: _Watched, job: TrialJob, start: Start) -> CrawlReport:
    """Return the digest of a crawl and what it left open, or what it raised."""
    site = make_site(watched.spec, start["url"], watched.read, start["ca_file"])
    try:
        _, (items,) = run_crawls(watched.crawl, site, job["concurrency"], 1, watched.factory)
        return {"digest": digest_rows(as_rows(items)), "left": watched.left}
    except (Exception, SystemExit) as error:
        return {"error": _describe(error)}


class _Watched:
    """A strategy, and what was still open or running shortly after it returned."""

    def __init__(self, spec: SiteSpec, crawl: Any, factory: Any, read: Reader) -> None:  # noqa: ANN401
        self.spec = spec
        self._crawl = crawl
        self.read = read
        self.factory = factory
        """Makes the event loop; None for a strategy that does not need one."""
        self.left: Names = {}
        self.crawl = self._crawl_async if factory else self._crawl_plain

    def _crawl_plain(self, site: Site, concurrency: int) -> list[Any]:
        items = list(self._crawl(site, concurrency))
        # Most crawls leave nothing open, and need not wait.
        if _look_around()["sockets"]:
            time.sleep(GRACE_S)
        self.left = _look_around()
        return items

    async def _crawl_async(self, site: Site, concurrency: int) -> list[Any]:
        crawling = self._crawl(site, concurrency)
        if hasattr(crawling, "__aiter__"):
            items = [item async for item in crawling]
        else:
            items = await crawling
        if _other_tasks() or _look_around()["sockets"]:
            await asyncio.sleep(GRACE_S)
        self.left = _look_around()  # before the loop's end closes what is open
        self.left["tasks"] = [str(task.get_coro()) for task in _other_tasks()]
        threads = self.left["threads"]  # those of the loop's executor end with the loop
        self.left["threads"] = [name for name in threads if not name.startswith("asyncio_")]
        return items


def _other_tasks() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def _look_around() -> Names:
    """Return the names of what this process has open and running, by kind."""
    process = psutil.Process()
    connections = process.net_connections("inet")
    return {
        "sockets": [f"{c.raddr.ip}:{c.raddr.port}" for c in connections if c.raddr],
        "files": [file.path for file in process.open_files()],
        "threads": [thread.name for thread in threading.enumerate()],
        "processes": _children(process),
        "tasks": [],
    }


def _started_since(before: Names) -> Names:
    """Return the threads, processes and connections that were not there before."""
    now = _look_around()
    # Counted, because several may have the same name.
    kinds = ("threads", "processes", "sockets")
    return {kind: list((Counter(now[kind]) - Counter(before[kind])).elements()) for kind in kinds}


_TRACKER = "multiprocessing.resource_tracker import main"
_FORKSERVER = "multiprocessing.forkserver import main"
"""Parts of the commands of Python's own helper processes, which `multiprocessing` keeps running."""


def _children(process: psutil.Process) -> list[str]:
    """Return the names of child processes that run or that nobody has waited for."""
    names = []
    for child in process.children(recursive=True):
        try:
            if not _is_helper(child):
                names.append(child.name())
        except (psutil.ZombieProcess, psutil.AccessDenied):
            names.append(f"process {child.pid}")
        except psutil.NoSuchProcess:  # it has just ended
            continue
    return names


def _is_helper(child: psutil.Process) -> bool:
    """Return whether a process is one of Python's own that outlive what they are for.

    Those that a fork server has forked are a strategy's, though their command is the same.
    """
    if _runs(child, _TRACKER):
        return True
    parent = child.parent()
    return _runs(child, _FORKSERVER) and not (parent and _runs(parent, _FORKSERVER))


def _runs(process: psutil.Process, what: str) -> bool:
    return any(what in word for word in process.cmdline())


def _describe(error: BaseException) -> CrawlFailure:
    """Return an error's type with its module, its first line, and all types that catch it.

    For a group of errors, describe the first error in it.
    """
    wrapping = ""
    while isinstance(error, BaseExceptionGroup):
        wrapping += f"{type(error).__qualname__} of "
        error = error.exceptions[0]
    names = [_name(kind) for kind in type(error).__mro__]
    lines = str(error).splitlines()
    return {"type": wrapping + names[0], "text": lines[0] if lines else "", "bases": names}


def _name(kind: type) -> str:
    """Return a type's name with its module; without a module for Python's built-in types."""
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return module + kind.__qualname__


def _listen_to_complaints() -> list[str]:
    """Return a list that collects warnings of leaks from Python and asyncio."""
    complaints: list[str] = []

    def note(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        if issubclass(category, ResourceWarning | RuntimeWarning):
            complaints.append(f"{category.__name__}: {message}".splitlines()[0])

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complaints.append(f"asyncio: {record.getMessage()}".splitlines()[0])

    # By default Python hides the first kind and shows the second, that of a coroutine which nobody
    # awaited, once for each line; here each crawl counts.
    warnings.simplefilter("always", ResourceWarning)
    warnings.simplefilter("always", RuntimeWarning)
    warnings.showwarning = note
    logging.getLogger("asyncio").addHandler(Handler(logging.WARNING))
    return complaints


if __name__ == "__main__":
    main()
