"""Makes a site's folder out of archives (floor 4)."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.archive.capture import OK, REDIRECTS, Capture, SkippedError, keep_headers
from crawlbench.archive.pagefolder import SITE_FILE, PageFolder, check_target, open_page_folder
from crawlbench.archive.pages import Skips, check_encoding, find_aliases, rewrite_links
from crawlbench.archive.sniffing import is_page, may_be_page
from crawlbench.archive.sources import open_sources
from crawlbench.archive.starter import render_site_file
from crawlbench.base.errors import UsageError
from crawlbench.base.text import count_of
from crawlbench.sites.addresses import AddressRules, host_of, join, split_origin
from crawlbench.sites.charsets import DEFAULT, declared_encoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

JSON = "no HTML but JSON"
"""The reason for skipping an API's answer."""

OTHERS_REDIRECTS = "redirects of another host"
"""The reason for skipping them, as soon as the site's own host is known."""


@dataclass(slots=True)
class ImportReport:
    """The result of an import."""

    start: str = ""
    """The address of the first page on the real site."""
    pages: int = 0
    body_bytes: int = 0
    aliases: int = 0
    """How many redirects and other spellings lead to a page."""
    rewritten: int = 0
    """How many links named the site's own host."""
    skips: Skips = field(default_factory=Skips)
    leniencies: Skips = field(default_factory=Skips)
    """Bodies that deviate from their archive's description, but were accepted."""
    unreadable: Skips = field(default_factory=Skips)
    """Pages that cannot be decoded with the encoding that they declare."""
    encodings: Counter[str] = field(default_factory=Counter)

    def add_page(self, url: str, body_bytes: int, encoding: str, problem: tuple[str, int]) -> None:
        """Count one more page.

        Args:
            url: the page's address, for an example.
            body_bytes: the body's size.
            encoding: the declared encoding; empty if there is none.
            problem: why the body cannot be decoded (empty if it can), and at which byte.
        """
        self.pages += 1
        self.body_bytes += body_bytes
        self.encodings[encoding or DEFAULT] += 1
        reason, at = problem
        if reason:
            self.unreadable.add(reason, f"{url} (at byte {at})")


def import_pages(
    sources: Sequence[Path], target: Path, start: str | None, *, site_file: bool, force: bool
) -> ImportReport:
    """Write an archive's pages, their manifest and, on request, a site file to begin with.

    If the import fails, nothing is left behind.

    Args:
        sources: WARCs, HARs or folders made by wget.
        target: the folder to make.
        start: the address of the first page; None for the first page of the archive.
        site_file: whether to write a site file.
        force: whether to replace an existing folder of pages.

    Raises:
        UsageError: the archive cannot be used, or the target exists.
        StorageError: the folder cannot be written.
    """
    check_target(target, force=force)
    for source in sources:
        _keep_apart(source, target)
    if start is not None:
        check_address(start, "--start")
        start = "".join(split_origin(start))  # repaired, as browsers do
    captures = open_sources(sources, start)
    with open_page_folder(target, force=force) as folder:
        importer = _Importer(folder, start)
        importer.take_all(captures)
        report = importer.finish(" and ".join(map(str, sources[:3])))
        text = None
        if site_file:
            host = host_of(report.start)
            missing = report.unreadable.lines()
            text = render_site_file(str(target / SITE_FILE), host, report.start, missing)
        folder.move_to(target, host_of(report.start), importer.aliases, text, force=force)
    return report


def _keep_apart(source: Path, target: Path) -> None:
    """Refuse a target that the next import would read, or that would delete its own source."""
    read, made = Path(os.path.realpath(source)), Path(os.path.realpath(target))
    if read in made.parents:
        raise UsageError(
            f"{target} lies within {source}, which is to be imported: the next import would "
            "include its pages; name a folder beside it"
        )
    if made == read or made in read.parents:
        raise UsageError(
            f"{source}, which is to be imported, would be deleted when {target} is replaced; "
            "name another place"
        )


def _read_page(capture: Capture, content_type: str) -> bytes:
    body = capture.read()
    if not body.strip():
        raise SkippedError("empty")
    if not is_page(content_type, body):
        raise SkippedError("no HTML")
    return body


def check_address(url: str, option: str) -> None:
    """Refuse a text that is not the address of a page.

    Raises:
        UsageError: it is not an address, or it contains a password.
    """
    try:
        host_of(url)
    except ValueError as error:
        raise UsageError(f"{option}: {error}; one looks like https://example.org/list") from error
    if "@" in split_origin(url)[0]:
        raise UsageError(f"{option} must not contain a name or password: site files are shared")


class _Importer:
    """Takes captures one by one, and keeps only their addresses in memory."""

    def __init__(self, folder: PageFolder, start: str | None) -> None:
        self.aliases: dict[str, list[str]] = {}
        """The other addresses of each page."""
        self._folder = folder
        self._rules = AddressRules()
        self._report = ImportReport(start=start or "")
        self._host = host_of(start) if start else ""
        self._redirects: dict[tuple[str, str], str] = {}
        """By host and address: until the first page comes, the site's host may be unknown."""
        self._hosts: Counter[str] = Counter()

    def take_all(self, captures: Iterable[Capture]) -> None:
        for capture in captures:
            try:
                self._take(capture)
            except SkippedError as reason:
                self._report.skips.add(str(reason), capture.url)

    def _take(self, capture: Capture) -> None:
        if capture.problem:
            raise SkippedError(capture.problem)
        host, address = self._locate(capture.url)
        if capture.status in REDIRECTS:
            self._redirect(capture, host, address)
            return
        if capture.status != OK:
            raise SkippedError(f"with status {capture.status or 'unknown'}")
        content_type = capture.header("content-type")
        if not may_be_page(content_type):
            raise SkippedError(JSON if "json" in content_type.lower() else "no HTML")
        # Pages of other hosts count as well, for the message if --start names none of them.
        self._hosts[host] += 1
        if self._host and host != self._host:
            raise SkippedError("of another host")
        # Not before its body is read: only a page decides which host is the site's.
        body = _read_page(capture, content_type)
        if not self._host:
            self._host = host
            self._report.start = "".join(split_origin(capture.url)).partition("#")[0]
        self._add(capture, address, content_type, body)

    def _locate(self, url: str) -> tuple[str, str]:
        """Return the host and the spelled address."""
        try:
            host, address = host_of(url), split_origin(url)[1]
            if ".." in address.partition("?")[0].replace("\\", "/").split("/"):
                raise SkippedError("with .. in the address, which no client would ask for")
            # `"" in "/"` is true, and `spell` knows an empty path.
            return host, self._rules.spell(address if address[:1] in "/" else f"/{address}")
        except ValueError:
            raise SkippedError("without an http address") from None

    def _redirect(self, capture: Capture, host: str, address: str) -> None:
        try:
            target_host, target = self._locate(join(capture.url, capture.header("location")))
        except ValueError:
            raise SkippedError("redirects to no address") from None
        if self._host and host != self._host:
            raise SkippedError(OTHERS_REDIRECTS)
        if target_host != host:
            raise SkippedError("redirects between hosts")
        if target != address:  # otherwise it only leads from http to https
            self._redirects.setdefault((host, address), target)  # as of pages, the first counts

    def _add(self, capture: Capture, address: str, content_type: str, body: bytes) -> None:
        encoding = declared_encoding(content_type, body)
        # Before bodies are compared, because the kept one was rewritten as well.
        body, rewritten = rewrite_links(body, self._host)
        if address in self._folder:
            same = self._folder.holds_same(address, body)
            raise SkippedError(
                "again, with the same body"
                if same
                else "again, with another body (the first is kept)"
            )
        self._folder.add(address, keep_headers(capture.headers), body, encoding)
        report = self._report
        report.add_page(capture.url, len(body), encoding, check_encoding(encoding, body))
        report.rewritten += rewritten
        for leniency in dict.fromkeys(capture.leniencies):
            report.leniencies.add(leniency, capture.url)
        for alias in capture.aliases:
            self._add_alias(address, self._rules.spell(alias))

    def _add_alias(self, address: str, alias: str) -> None:
        if alias != address:
            self.aliases.setdefault(address, []).append(alias)

    def finish(self, source: str) -> ImportReport:
        """Resolve the redirects, and return the report.

        Raises:
            UsageError: there is no page, or the start is missing.
        """
        report = self._report
        if not report.pages:
            raise self._no_pages(source)
        # Only now, because the page to which a redirect leads may have come after it.
        redirects = {}
        for (host, address), target in self._redirects.items():
            if host == self._host:
                redirects[address] = target
            else:
                report.skips.add(OTHERS_REDIRECTS, host + address)
        for page, aliases in find_aliases(redirects, self._folder, report.skips).items():
            for alias in aliases:
                self._add_alias(page, alias)
        report.aliases = sum(map(len, self.aliases.values()))
        start = self._rules.spell(split_origin(report.start)[1] or "/")
        if start not in self._folder and not any(start in a for a in self.aliases.values()):
            raise UsageError(
                f"{source} has {count_of(report.pages, 'page')} of {self._host}, but not the start "
                f"{report.start!r}; name another with --start"
            )
        return report

    def _no_pages(self, source: str) -> UsageError:
        if self._host and self._hosts and self._host not in self._hosts:
            seen = ", ".join(f"{host} ({count})" for host, count in self._hosts.most_common(3))
            return UsageError(
                f"{source} has no page of the host {self._host!r} that --start names, only pages "
                f"of {seen}; name one of these"
            )
        reasons = "; ".join(self._report.skips.lines()[:5]) or "it is empty"
        way = "; write a site of JSON in Python, see docs/your-site.md" if JSON in reasons else ""
        return UsageError(f"{source} has no page that could be served: {reasons}{way}")
