"""Records pages of a real site, politely (floor 4).

It respects robots.txt, sends one request at a time with a wait between them, and never leaves the
host. Pages are kept beside the target until the recording is complete, so that it can continue
after it was stopped.
"""

from __future__ import annotations

import shutil
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawlbench.archive.capture import OK, REDIRECTS, keep_headers
from crawlbench.archive.fetching import Fetcher, FetchError, Response, retry_after_s
from crawlbench.archive.frontier import FORBIDDEN, Frontier
from crawlbench.archive.journal import (
    JOURNAL_NAME,
    Begun,
    Fetched,
    Journal,
    Left,
    Moved,
    Step,
    Waits,
)
from crawlbench.archive.links import header_forbids_following
from crawlbench.archive.pagefolder import SITE_FILE, PageFolder, check_target
from crawlbench.archive.pages import check_encoding, rewrite_links
from crawlbench.archive.robots import MAX_ROBOTS_BYTES, UnknownRulesError, ask_robots
from crawlbench.archive.starter import render_site_file
from crawlbench.base.errors import BenchError, StorageError, UsageError
from crawlbench.base.text import count_of
from crawlbench.sites.addresses import host_of, split_origin
from crawlbench.sites.charsets import DEFAULT, declared_encoding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawlbench.archive.importing import ImportReport
    from crawlbench.archive.links import LinkFinder

_BUSY = frozenset({429, 503})

MAX_FAILURES = 3
"""How many requests in a row may get no answer before a recording stops."""

REQUESTS_PER_PAGE = 4
"""How many requests we send per wanted page before we leave a site that has few pages."""


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """What to record, and how gently."""

    start: str
    """The address of the first page."""
    target: Path
    """The folder to make."""
    delay_s: float
    """The least time between two requests; robots.txt may ask for more."""
    most_pages: int
    finder: LinkFinder
    """Decides which links are followed."""
    writes_site_file: bool = True
    proxy: str = ""
    """The address of a proxy; empty for none. Environment variables are ignored."""
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = field(default=lambda line: None)  # noqa: ARG005
    """Called with a line for each step."""


def work_folder(target: Path) -> Path:
    """Return where an unfinished recording is kept."""
    return target.with_name(f".{target.name}.recording")


def record_pages(plan: RecordPlan, *, force: bool) -> ImportReport:
    """Fetch pages until there are enough or no more, then move the folder to its place.

    If an error or a signal stops the recording, the fetched pages are kept, and the same call
    continues it.

    Args:
        plan: what to record.
        force: whether to replace an existing folder of pages.

    Raises:
        UsageError: the target exists, the folder has another recording, or no page could be
            fetched.
        StorageError: the folder cannot be written.
        BenchError: the server asked us to wait, or no longer answers.
    """
    check_target(plan.target, force=force)
    work = work_folder(plan.target)
    try:
        work.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make {work} ({error.strerror})") from error
    with Journal(work / JOURNAL_NAME) as journal, closing(Fetcher(plan.proxy)) as fetcher:
        recorder = _Recorder(plan, work, journal, fetcher)
        recorder.record()
    return recorder.finish(force=force)


class _Recorder:
    """A recording, which may continue an earlier one."""

    def __init__(self, plan: RecordPlan, work: Path, journal: Journal, fetcher: Fetcher) -> None:
        self._plan = plan
        self._work = work
        self._journal = journal
        self._fetcher = fetcher
        self._origin = split_origin(plan.start)[0]
        self._host = host_of(plan.start)
        self._failures = 0
        self._frontier = Frontier(plan.finder)
        for step in journal.steps():
            self._frontier.take(step)
        self._folder = PageFolder(work, self._frontier.pages)

    def record(self) -> None:
        """Fetch pages until there are enough, or no more addresses."""
        self._begin()
        most_requests = REQUESTS_PER_PAGE * self._plan.most_pages
        # A recording that was complete, but could not be moved to its place, needs no request.
        if self._has_enough():
            return
        try:
            robots = ask_robots(self._origin, self._ask, self._plan.say)
        except UnknownRulesError as error:
            raise self._stopped(str(error)) from error
        delay_s = max(self._plan.delay_s, robots.delay_s)
        if robots.delay_s > self._plan.delay_s:
            self._plan.say(f"robots.txt asks for {robots.delay_s:g} s between requests")
        while not self._has_enough() and (address := self._frontier.next()) is not None:
            # In this order: what is forbidden costs neither a request nor a wait.
            if not robots.allows(self._frontier.path(address)):
                self._note(Left(address, FORBIDDEN))
            elif self._frontier.requests >= most_requests:
                asked = count_of(most_requests, "request")
                self._plan.say(f"stopped after {asked}: few of them were pages")
                break
            else:
                self._plan.sleep(delay_s)
                self._note(self._fetch(address, delay_s))

    def _has_enough(self) -> bool:
        return len(self._folder) >= self._plan.most_pages

    def _begin(self) -> None:
        """Refuse to mix two recordings, or to send requests earlier than the server asked for."""
        begun = self._frontier.start
        if begun and begun != self._plan.start:
            raise UsageError(
                f"{self._work} has an unfinished recording of {begun!r}: continue with that "
                "address, or delete the folder"
            )
        if not begun:
            self._note(Begun(self._plan.start))
        wait_s = self._frontier.waits_until - time.time()
        if wait_s > 0:
            raise self._stopped(f"{self._host} asked for no requests for {wait_s:.0f} s more")

    def _note(self, step: Step) -> None:
        self._journal.add(step)
        self._frontier.take(step)

    def _ask(self, url: str) -> Response:
        try:
            answer = self._fetcher.get_begin(url, MAX_ROBOTS_BYTES)
        except FetchError as error:
            raise self._stopped(f"{url} cannot be fetched ({error})") from error
        self._heed(answer)
        return answer

    def _fetch(self, address: str, delay_s: float) -> Step:
        """Ask for one page, and return the resulting step."""
        url = self._origin + self._frontier.path(address)
        self._plan.say(f"{len(self._folder) + 1}/{self._plan.most_pages} {url}")
        try:
            answer = self._get(url)
            if self._is_cookie_wall(url, answer):
                self._plan.say("sent the request again, with the cookie that the site had set")
                self._plan.sleep(delay_s)
                answer = self._get(url)
        except FetchError as error:
            self._failures += 1
            if self._failures >= MAX_FAILURES:
                raise self._stopped(f"{self._host} gave no answer ({error})") from error
            return Left(address, f"without an answer ({error})")
        self._failures = 0
        if answer.status in REDIRECTS:
            return self._redirect(address, url, answer)
        if answer.status != OK:
            return Left(address, f"with status {answer.status}")
        if answer.problem or not answer.body.strip():
            return Left(address, answer.problem or "empty")
        return self._keep(address, url, answer)

    def _get(self, url: str) -> Response:
        answer = self._fetcher.get(url)
        self._heed(answer)
        return answer

    def _is_cookie_wall(self, url: str, answer: Response) -> bool:
        """Return whether a page redirects to itself only to check that cookies are sent back."""
        if answer.status not in REDIRECTS or not answer.header("set-cookie"):
            return False
        return self._origin + self._target(url, answer) == url

    def _heed(self, answer: Response) -> None:
        """Stop if the server asks for it, and record how long it wants no requests."""
        if answer.status not in _BUSY:
            return
        now = time.time()
        wait_s = retry_after_s(answer.header("retry-after"), now)
        self._note(Waits(now + wait_s))
        raise self._stopped(
            f"{self._host} answered with status {answer.status}: send nothing for {wait_s:.0f} s"
        )

    def _target(self, url: str, answer: Response) -> str:
        """Return the path of a redirect's target; empty if it is on another host."""
        try:
            return self._plan.finder.same_host(url, answer.location)
        except ValueError:
            return ""

    def _redirect(self, address: str, url: str, answer: Response) -> Step:
        target = self._target(url, answer)
        if not target:
            return Left(address, "redirects to another host")
        # Servers redirect `/a` to `/a/`, which the site's rules may call one page.
        is_itself = self._plan.finder.spell(target) == address
        if is_itself and self._frontier.has_tried(address, target):
            return Left(address, "redirects to itself; perhaps the start needs https")
        return Moved(address, target)

    def _keep(self, address: str, url: str, answer: Response) -> Step:
        encoding = declared_encoding(answer.header("content-type"), answer.body)
        links: tuple[str, ...] = ()
        if not header_forbids_following(answer.header_lines("x-robots-tag")):
            find = self._plan.finder.find
            links = find(url, answer.body, encoding or DEFAULT)
        problem, at = check_encoding(encoding, answer.body)
        body, rewritten = rewrite_links(answer.body, self._host)
        # The page comes before its step: the journal never names a file that is not there.
        page = self._folder.add(address, keep_headers(answer.headers), body, encoding)
        return Fetched(page, encoding, links, rewritten, problem, at)

    def _stopped(self, reason: str) -> BenchError:
        count = len(self._folder)
        kept = f"{count_of(count, 'page')} {'is' if count == 1 else 'are'} kept"
        return BenchError(
            f"{reason}; {kept} in {self._work}, and the same command continues from there"
        )

    def finish(self, *, force: bool) -> ImportReport:
        """Move the folder to its place, and return the report.

        Until it is there the journal stays, so that the same command continues if it cannot move.
        """
        report = self._frontier.report
        aliases = self._frontier.aliases()
        if not len(self._folder):
            shutil.rmtree(self._work, ignore_errors=True)  # so that the next call begins anew
            reasons = "; ".join(report.skips.lines()[:5])
            raise UsageError(f"no page of {self._plan.start} could be fetched: {reasons}")
        text = None
        if self._plan.writes_site_file:
            path = str(self._plan.target / SITE_FILE)
            text = render_site_file(path, self._host, self._plan.start, report.unreadable.lines())
        self._folder.move_to(self._plan.target, self._host, aliases, text, force=force)
        with suppress(OSError):  # a journal that stays does no harm
            (self._plan.target / JOURNAL_NAME).unlink(missing_ok=True)
        return report
