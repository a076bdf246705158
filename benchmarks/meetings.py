"""Exposes strategies to faults and classifies the outcomes, for faults.py and its test.

The outcome of a strategy and a fault is what a session would see. Every request meets the fault. A
strategy meets one fault after the other in one process, so that its library is imported once; if it
hangs, the process is ended at the deadline and another one starts.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from crawlbench.check.checks import meet_faults, open_faults
from crawlbench.check.subject import CheckSubject
from crawlbench.measure.verify import expect
from crawlbench.mirror.networks.faults import ANSWER_KINDS, DELIVERY_KINDS
from crawlbench.plugins import registry
from crawlbench.plugins.about import describe_strategy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from crawlbench.check.subject import CrawlReport

SITE = "douban-top250"
ENDLESS = ("stall", "one-byte-a-second")
"""The faults that only a timeout ends."""
KINDS = (*(kind for kind in (*ANSWER_KINDS, *DELIVERY_KINDS) if kind not in ENDLESS), *ENDLESS)
"""All faults; those that end a process most often come last."""

REFUSED = "crawlbench.base.errors.BlockedPageError"
"""The error that the site's reader raises for a page that is not the site's."""

DOCUMENTED = {
    "aiohttp": ("aiohttp.client_exceptions.ClientError",),
    "aiosonic": ("aiosonic.exceptions.AiosonicError",),
    "aiohttp-retry": ("aiohttp.client_exceptions.ClientError",),
    "curl_cffi": ("curl_cffi.requests.exceptions.RequestException",),
    "gevent": ("requests.exceptions.RequestException",),
    "geventhttpclient": (
        "geventhttpclient.useragent.ConnectionError",
        "_parser.HTTPParseError",
        "OSError",
        "zlib.error",
    ),
    "httpr": ("httpr.HTTPError",),
    "httptools": ("httptools.parser.errors.HttpParserError", "OSError", "zlib.error"),
    "httpx": ("httpx.HTTPError",),
    "httpx-aiohttp": ("httpx.HTTPError",),
    "httpx2": ("httpx2.HTTPError",),
    "impit": ("impit.HTTPError",),
    "niquests": ("niquests.exceptions.RequestException",),
    "primp": ("primp.PrimpError",),
    "pycurl": ("pycurl.error",),
    "pyqwest": (
        "OSError",
        "TimeoutError",
        "pyqwest.ReadError",
        "pyqwest.WriteError",
        "pyqwest._errors.RemoteProtocolError",
        "pyqwest.TooManyRedirects",
    ),
    "pyreqwest": ("pyreqwest.exceptions.PyreqwestError",),
    "requests": ("requests.exceptions.RequestException",),
    "requests-futures": ("requests.exceptions.RequestException",),
    "Scrapy": (
        "scrapy.exceptions.DownloadFailedError",
        "scrapy.exceptions.IgnoreRequest",
        "scrapy.exceptions.ResponseDataLossError",
        "RuntimeError",  # the strategy's own, since HttpError cannot be pickled
    ),
    "standard library": (
        "asyncio.exceptions.LimitOverrunError",
        "http.client.HTTPException",
        "EOFError",
        "OSError",
        "zlib.error",
    ),
    "tornado": ("tornado.httpclient.HTTPClientError",),
    "treq": ("twisted.web._newclient.ResponseFailed", "twisted.web.error.Error", "OSError"),
    "urllib3": ("urllib3.exceptions.HTTPError",),
    "wreq": (
        "exceptions.BodyError",
        "exceptions.ConnectionError",
        "exceptions.ConnectionResetError",
        "exceptions.DecodingError",
        "exceptions.RedirectError",
        "exceptions.RequestError",
        "exceptions.StatusError",
        "exceptions.TimeoutError",
    ),
}
"""The errors to catch according to each library's documentation."""


class Outcome(StrEnum):
    """The outcome of a strategy's meeting with a fault."""

    RIGHT = "right"
    """All items of the site. A session also counts requests: after a redirect there are too many.
    """
    DOCUMENTED = "documented error"
    """An error of the classes that the library's documentation says to catch."""
    STRAY = "other error"
    """An error of another class."""
    REFUSED = "refused by the reader"
    """The library returned something that is not a page of the site."""
    WRONG = "wrong items"
    """Wrong items as if nothing had happened; a session's digest refuses them."""
    HANGS = "hangs"
    """The strategy hung until the deadline, which ended its process."""
    DIES = "dies"
    """The strategy's process ended."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One strategy and one fault."""

    strategy: str
    kind: str
    """The kind of fault."""
    outcome: Outcome
    error: str
    """The type of the error with its module; empty if none was raised."""
    text: str
    """The first line of the error."""


def installed_strategies() -> list[str]:
    """Return the names of our strategies that can be tried here, except those that start cold."""
    names = registry.names(registry.Kind.STRATEGY)
    cold = {name for name in names if name.startswith("cold-")}
    return [name for name in names if describe_strategy(name).installed and name not in cold]


async def meet_all(
    names: Sequence[str], deadline_of: Callable[[str, str], float], at_once: int
) -> AsyncIterator[list[Meeting]]:
    """Yield each strategy's outcomes for all faults, as soon as it has finished.

    Args:
        names: the strategies' names, the slow ones first.
        deadline_of: returns a strategy's deadline in seconds for a kind of fault.
        at_once: how many strategies run at the same time; most of the time they wait.
    """
    places = asyncio.Semaphore(at_once)
    digest = expect(registry.load(registry.Kind.SITE, SITE)).digest
    async with open_faults(SITE, KINDS) as mirrors:

        async def meet(name: str) -> list[Meeting]:
            deadlines_s = {kind: deadline_of(name, kind) for kind in KINDS}
            async with places:
                subject = CheckSubject(name, site=SITE, faults=KINDS)
                reports = await meet_faults(subject, mirrors, deadlines_s)
            pairs = zip(KINDS, reports, strict=True)
            return [tell_outcome(name, kind, report, digest) for kind, report in pairs]

        for coming in asyncio.as_completed(map(meet, names)):
            yield await coming


def tell_outcome(name: str, kind: str, report: CrawlReport, digest: str) -> Meeting:
    """Return the outcome from a report of `check/trial.py`.

    Args:
        name: the strategy's name.
        kind: the kind of fault.
        report: the strategy's `digest` or `error`.
        digest: the digest of the right items.
    """
    error = report.get("error")
    if error is None:
        outcome = Outcome.RIGHT if report["digest"] == digest else Outcome.WRONG
        return Meeting(name, kind, outcome, "", "")
    if "bases" not in error:
        return Meeting(name, kind, Outcome(error["type"]), "", error["text"])
    bases = set(error["bases"])
    if REFUSED in bases:
        outcome = Outcome.REFUSED
    elif bases.intersection(DOCUMENTED[describe_strategy(name).library]):
        outcome = Outcome.DOCUMENTED
    else:
        outcome = Outcome.STRAY
    return Meeting(name, kind, outcome, error["type"], error["text"])
