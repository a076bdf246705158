"""What people type who know other tools, and what they would type here (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer import TyperException

__all__ = ["suggest"]

COMMANDS = {
    "version": "crawlbench --version",
    **dict.fromkeys(("bench", "benchmark", "measure", "test", "start"), "crawlbench run"),
    **dict.fromkeys(("diff", "compare-to", "cmp"), "crawlbench compare BASE HEAD"),
    **dict.fromkeys(("show", "view", "open", "stats", "export", "publish"), "crawlbench report"),
    **dict.fromkeys(("serve", "record", "import", "verify", "build"), "crawlbench mirror {typed}"),
    **dict.fromkeys(
        ("strategies", "loops", "operations", "parsers", "sites", "networks", "suites"),
        "crawlbench list {typed}",
    ),
    **dict.fromkeys(("continuous", "regress", "versus"), "crawlbench ab BASE HEAD"),
    **dict.fromkeys(("bisect", "find"), "crawlbench ab --bisect BASE ... HEAD"),
    **dict.fromkeys(("calibrate", "noise"), "crawlbench aa"),
    **dict.fromkeys(("tune", "check-system", "system", "info", "machine"), "crawlbench doctor"),
    **dict.fromkeys(("clean", "prune", "gc"), "crawlbench env remove --all"),
    **dict.fromkeys(("fetch", "get", "scrape"), "crawlbench crawl"),
    **dict.fromkeys(("stress", "attack", "wrk", "ab-load"), "crawlbench load"),
}
"""By a command of another tool: what does that here."""

_PER_ROUND = "a suite's `warmups`, see docs/suites.md"
_LATER = "`crawlbench report --format {shape}` on the session afterwards"
OPTIONS = {
    **dict.fromkeys(
        ("--runs", "--iterations", "--repeat", "--times", "--samples", "-r", "--min-runs"),
        "--rounds",
    ),
    **dict.fromkeys(("--warmup", "--warmups", "-w"), _PER_ROUND),
    **dict.fromkeys(
        ("--vus", "--threads", "--workers", "--users", "--jobs", "-j", "-t", "-u"), "--concurrency"
    ),
    **dict.fromkeys(("--time", "--max-time", "--duration", "-d"), "--budget"),
    **dict.fromkeys(("--export-json", "--as-json"), "--json"),
    **dict.fromkeys(("--html", "--export-html"), _LATER.format(shape="html")),
    **dict.fromkeys(("--markdown", "--export-markdown"), _LATER.format(shape="markdown")),
    **dict.fromkeys(("--csv", "--export-csv"), _LATER.format(shape="csv")),
    **dict.fromkeys(("--out", "--dir", "--folder"), "--output"),
    **dict.fromkeys(("--overwrite", "--replace", "-f", "-y"), "--force"),
    **dict.fromkeys(("--clients", "--client", "--filter", "-k"), "--strategy"),
    **dict.fromkeys(("--threshold", "--max-regression", "--fail-if"), "--fail-on"),
    **dict.fromkeys(("--url", "--host"), "`crawlbench load --url` or `crawlbench crawl --url`"),
    **dict.fromkeys(("--quick", "--fast"), "`crawlbench run quick`"),
    **dict.fromkeys(("--full", "--all"), "`crawlbench run full`"),
    **dict.fromkeys(("--debug", "--verbosity"), "--verbose"),
    **dict.fromkeys(("--silent", "--no-progress"), "--quiet"),
}
"""By an option of another tool: the option here, or what does that here."""


def suggest(error: TyperException) -> str:
    """Return what would do what was meant, as a sentence; an empty text if nothing is known.

    Args:
        error: about a command or an option that there is not.
    """
    option = getattr(error, "option_name", None)
    context = getattr(error, "ctx", None)
    if option is not None and context is not None:
        meant = OPTIONS.get(option, "")
        names = {name for param in context.command.params for name in param.opts}
        is_there = meant in names or not meant.startswith("-")
        return f" Here that is {meant}." if meant and is_there else ""
    _, quote, rest = error.format_message().partition("No such command '")
    typed = rest.partition("'")[0] if quote else ""
    meant = COMMANDS.get(typed, "")
    return f" Here that is `{meant.format(typed=typed)}`." if meant else ""
