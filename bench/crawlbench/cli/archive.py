"""`crawlbench mirror import` and `mirror record`: turn a real site into a folder (floor 5)."""

from __future__ import annotations

import shlex
import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from crawlbench.archive.guide import Guide
from crawlbench.archive.importing import ImportReport, check_address, import_pages
from crawlbench.archive.links import LinkFinder
from crawlbench.archive.pagefolder import SITE_FILE, check_target
from crawlbench.archive.recording import RecordPlan, record_pages, work_folder
from crawlbench.base.errors import INTERRUPTED, UsageError
from crawlbench.base.text import count_of, harmless
from crawlbench.cli import options
from crawlbench.cli.checks import at_least_one, not_negative
from crawlbench.cli.output import complain, print_json
from crawlbench.sites.charsets import DEFAULT

MIN_DELAY_S = 1.0
"""Seconds between two requests to a host that is not this machine."""

_PROXIES = ("http", "https", "socks5", "socks5h")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

Target = Annotated[Path, options.result("-o", "--output", help="Folder to write the pages to.")]
WithSiteFile = Annotated[
    bool,
    options.result("--site-file/--no-site-file", help="Write a site.toml to start from, or not."),
]


def import_archive(
    source: Annotated[
        list[Path],
        typer.Argument(
            help="WARC, WACZ or HAR files, folders of WARCs, or a folder made by wget --mirror."
        ),
    ],
    output: Target,
    start: Annotated[
        str | None, typer.Option("--start", help="Address of the first page on the real site.")
    ] = None,
    site_file: WithSiteFile = True,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Turn an archive into a folder of pages, with a manifest and a site.toml to edit.

    Example: crawlbench mirror import shop.warc.gz -o shop
    """
    report = import_pages(source, output, start, site_file=site_file, force=force)
    if as_json:
        print_json(_tell(report, output))
    else:
        _show(report, output, has_site_file=site_file)


def record(
    url: Annotated[str, typer.Argument(help="Address of the first page.")],
    output: Target,
    pages: Annotated[
        int,
        typer.Option("--pages", callback=at_least_one, help="Largest number of pages to fetch."),
    ] = 50,
    delay: Annotated[
        float,
        typer.Option(
            "--delay", callback=not_negative, help="Seconds to wait between two requests."
        ),
    ] = 5.0,
    site: Annotated[
        Path | None, typer.Option("--site", help="A site.toml that says which links to follow.")
    ] = None,
    proxy: Annotated[
        str, typer.Option("--proxy", help="Proxy to fetch through; HTTP_PROXY is ignored.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Fetch the pages, not only show the plan.")
    ] = False,
    site_file: WithSiteFile = True,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Fetch pages of a real site, politely: one at a time, as its robots.txt allows.

    If you stop it, with Ctrl-C for instance, the same command continues where it ended.

    Example: crawlbench mirror record URL -o shop --pages 20
    """
    check_address(url, "URL")
    if proxy:
        _check_proxy(proxy)
    _check_delay(url, delay)
    check_target(output, force=force)
    # A site file is read in a process of its own, which must be ended.
    with nullcontext(LinkFinder()) if site is None else closing(Guide(site)) as finder:
        plan = RecordPlan(
            start=url.partition("#")[0],
            target=output,
            delay_s=delay,
            most_pages=pages,
            finder=finder,
            writes_site_file=site_file and site is None,
            proxy=proxy,
            say=_say,
        )
        if not yes:
            raise UsageError(_describe(plan))
        report = _record(plan, force=force)
    if as_json:
        print_json(_tell(report, output))
    else:
        _show(report, output, has_site_file=plan.writes_site_file)


def _record(plan: RecordPlan, *, force: bool) -> ImportReport:
    try:
        return record_pages(plan, force=force)
    except KeyboardInterrupt:
        complain(
            f"stopped; what was fetched is kept in {work_folder(plan.target)}, and the same "
            "command continues from there"
        )
        raise typer.Exit(INTERRUPTED) from None


def _check_proxy(proxy: str) -> None:
    parts = urlsplit(proxy)
    if parts.scheme not in _PROXIES or not parts.hostname:
        raise UsageError(
            f"--proxy {proxy!r} is not the address of a proxy; one looks like http://127.0.0.1:3128"
        )


def _check_delay(url: str, delay_s: float) -> None:
    if delay_s < MIN_DELAY_S and urlsplit(url).hostname not in _THIS_MACHINE:
        raise UsageError(
            f"--delay {delay_s:g} is too short for a server that is not yours: "
            f"give {MIN_DELAY_S:g} or more"
        )


def _describe(plan: RecordPlan) -> str:
    minutes, pages = plan.most_pages * plan.delay_s / 60, count_of(plan.most_pages, "page")
    return (
        f"would fetch robots.txt and up to {pages} from {plan.start}, one at a time and "
        f"{plan.delay_s:g} s apart ({minutes:.0f} min or more for all), into {plan.target}; "
        "add --yes to do it"
    )


def _say(line: str) -> None:
    sys.stderr.write(f"{harmless(line)}\n")
    sys.stderr.flush()


def _tell(report: ImportReport, output: Path) -> dict[str, object]:
    """Return what `_show` prints, for scripts."""
    return {
        "folder": str(output),
        "start": report.start,
        "pages": report.pages,
        "body_bytes": report.body_bytes,
        "aliases": report.aliases,
        "rewritten": report.rewritten,
        "encodings": dict(report.encodings),
        "lenient": report.leniencies.lines(),
        "unreadable": report.unreadable.lines(),
        "skipped": report.skips.lines(),
    }


def _show(report: ImportReport, output: Path, *, has_site_file: bool) -> None:
    lines = [
        f"{count_of(report.pages, 'page')} of {report.body_bytes / 1e6:.1f} MB in {output}, "
        f"starting at {report.start}"
    ]
    if report.aliases:
        is_one = report.aliases == 1
        verb = "address leads" if is_one else "addresses lead"
        lines.append(f"{report.aliases} more {verb} to one of them")
    if report.rewritten:
        was = "was" if report.rewritten == 1 else "were"
        links = count_of(report.rewritten, "link")
        lines.append(f"{links} that named the host {was} made relative to it")
    if report.encodings.keys() - {DEFAULT}:
        counts = ", ".join(f"{count} in {name}" for name, count in report.encodings.most_common())
        lines.append(f"pages by encoding: {counts}")
    for heading, said in (
        ("taken although they are", report.leniencies),
        ("cannot be verified, as they", report.unreadable),
    ):
        if said.counts:
            lines += [f"{heading}:", *(f"  {line}" for line in said.lines())]
    if report.skips.counts:
        lines += ["skipped:", *(f"  {line}" for line in report.skips.lines())]
    if has_site_file:
        path = output / SITE_FILE
        work = f"fix {path}" if report.unreadable.counts else f"edit {path} if you like"
        lines += [f"{work}, then: crawlbench mirror verify {shlex.quote(str(path))}"]
    sys.stdout.write("".join(f"{harmless(line)}\n" for line in lines))
