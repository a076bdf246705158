"""Lets every contestant crawl both Douban sites on three networks, and writes docs/contestants.md.

Each is tried in processes of its own: right means that the digest of all items was the site's. The
document distinguishes what a library does not support from what broke or hung, each with its error.
Nothing is timed: the speeds come from the newest matrix, by `make reference-page`.
"""

from __future__ import annotations

import asyncio
import platform
import tomllib
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.places import fill_place, read_place
from benchmarks.usage import read_words

from crawlbench.check.subject import CheckSubject, CrawlReport, Start, Trial
from crawlbench.measure.verify import Expectation, expect
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import MirrorProcess, open_mirror
from crawlbench.plugins import registry
from crawlbench.plugins.about import StrategyFacts, describe_libraries, describe_strategy

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "contestants.md"
ADVICE = ROOT / "docs" / "advice.toml"
SITES = ("douban-top250", "douban-subjects")
NETWORKS = ("loopback", "wan", "loopback-tls")
CONCURRENCY = 10
DEADLINE_S = 60.0
ASKED = """Requests and answers are the same for all. Outside the clock is the TLS context, or
the file of the authority, made once; inside are the client, its pool, its threads or processes, and
all connections, opened and closed. The column HTTP above says what was spoken.
"""
HEADERS = ["strategy", "library", "licence", "model", "HTTP", "HTTP parser", "TLS", "advised by"]
SPEEDS = "<!-- speeds: made by `make reference-page` -->\n<!-- end of speeds -->"
INTRODUCTION = """# The contestants

Every strategy is one file in [bench/crawlbench/strategies](../bench/crawlbench/strategies), written
as its library's documentation advises, on equal terms: `Accept-Encoding: gzip`, no proxies, no
netrc, the same limit of requests in flight, certificates checked by a context made before the clock
runs, session opened and closed inside it. What a library does not allow is said in the first lines
of its file. Those beyond requests and aiohttp come with the extra `clients`;
niquests with the extra `niquests`, in an environment of its own: it brings urllib3-future, which
takes the place of urllib3 for requests too. `crawlbench check NAME` tries one on good and hostile
pages.

Made by `python -m benchmarks.contestants`.
"""


async def main() -> None:
    """Try all that are installed and write the document."""
    names = read_words(__doc__, "strategy").strategy or registry.names(registry.Kind.STRATEGY)
    facts = [describe_strategy(name) for name in names]
    expectations = {name: expect(registry.load(registry.Kind.SITE, name)) for name in SITES}
    rows = []
    async with AsyncExitStack() as stack:
        mirrors = {
            (site, network): await stack.enter_async_context(
                open_mirror(site, network, find_network(network), seed=1)
            )
            for site in SITES
            for network in NETWORKS
        }
        for fact in facts:
            if fact.installed and not fact.name.startswith("cold-"):  # a process for each page
                rows += await try_contestant(fact, mirrors, expectations)
                print(*rows[-1], sep=" | ", flush=True)
    DOCUMENT.write_text(render(facts, rows), encoding="utf-8")


async def try_contestant(
    fact: StrategyFacts,
    mirrors: dict[tuple[str, str], MirrorProcess],
    expectations: dict[str, Expectation],
) -> list[list[str]]:
    """Return a row of outcomes for each event loop."""
    loops = ("asyncio", "uvloop") if registry.is_async(fact.name) else ("",)
    rows = []
    for loop in loops:
        row = [f"`{fact.name}`", loop or "-"]
        for (site, network), mirror in mirrors.items():
            row.append(await try_place(fact.name, loop, site, network, mirror, expectations[site]))
        rows.append(row)
    return rows


async def try_place(
    name: str, loop: str, site: str, network: str, mirror: MirrorProcess, expectation: Expectation
) -> str:
    """Crawl once, and return the outcome in a few words."""
    subject = CheckSubject(
        name,
        event_loop=loop or "asyncio",
        site=site,
        concurrency=CONCURRENCY,
        deadline_s=DEADLINE_S,
    )
    path = registry.load(registry.Kind.SITE, site).path
    await mirror.begin(f"{name}/{loop}")
    start: Start = {"url": mirror.address + path, "ca_file": mirror.ca_file}
    reports = await Trial(subject, [start], {}).run()
    counters = await mirror.end()
    return outcome(reports[0], counters.requests, expectation, is_tls=network.endswith("tls"))


def outcome(report: CrawlReport, requests: int, expectation: Expectation, *, is_tls: bool) -> str:
    """Return whether a crawl was right, wrong, broken or not supported."""
    error = report.get("error")
    if error is None:
        if report["digest"] != expectation.digest:
            return "wrong items"
        if requests != expectation.pages:
            return f"{requests} requests instead of {expectation.pages}"
        return "right"
    told = f"{error['type'].rpartition('.')[2]}: {error['text']}"[:60]
    unsupported = is_tls and ("TLS" in error["text"] or "https" in error["text"])
    return f"not supported ({told})" if unsupported else f"broken ({told})"


def render(facts: list[StrategyFacts], rows: list[list[str]]) -> str:
    """Return the document."""
    advice = tomllib.loads(ADVICE.read_text(encoding="utf-8"))
    made_of = [
        [
            f"`{fact.name}`",
            f"{fact.library} {fact.version}".strip(),
            fact.licence,
            fact.model,
            fact.http,
            fact.parser,
            fact.tls,
            advice.get(fact.name, "ours"),
        ]
        for fact in facts
    ]
    columns = [f"{site.removeprefix('douban-')}, {net}" for site in SITES for net in NETWORKS]
    described = sorted(describe_libraries().items(), key=lambda pair: pair[0].lower())
    absent = [f"`{fact.name}`" for fact in facts if not fact.installed]
    where = f"{platform.python_implementation()} {platform.python_version()}"
    speeds = read_place(DOCUMENT.read_text(encoding="utf-8"), "speeds")
    parts = [
        INTRODUCTION,
        "## What each is made of\n",
        table(HEADERS, made_of),
        "\n## What each author would ask\n",
        ASKED,
        *(f"- **{name}**: {library.answer}" for name, library in described),
        "\n## How fast each is\n",
        fill_place(SPEEDS, "speeds", speeds),
        "\n## Who crawls what\n",
        f"One crawl each at {CONCURRENCY} requests in flight, {where}, "
        f"{datetime.now(UTC):%Y-%m-%d}. Right: all items with the site's digest, each page "
        "requested once. `tests/strategies` checks later ones on these sites and on those of "
        "JSON, over TLS too.\n",
        table(["strategy", "loop", *columns], rows),
        f"\nNot installed in that run: {', '.join(absent)}.\n" if absent else "",
    ]
    return "\n".join(parts)


def table(headers: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(
        "| " + " | ".join(text.replace("|", "/") for text in row) + " |" for row in lines
    )


if __name__ == "__main__":
    asyncio.run(main())
