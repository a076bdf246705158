"""What people who know other tools may type, and the equivalent here (floor 5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer import TyperException
    from typer._click import Command, Context, Parameter

KINDS = ("strategies", "loops", "operations", "parsers", "sites", "networks", "suites")
"""The kinds of names that `crawlbench list` takes."""
COMMANDS = {
    "version": "crawlbench --version",
    **dict.fromkeys(("bench", "benchmark", "measure", "test", "start"), "crawlbench run"),
    **dict.fromkeys(("diff", "compare-to", "cmp"), "crawlbench compare BASE HEAD"),
    **dict.fromkeys(("show", "view", "open", "stats", "export", "publish"), "crawlbench report"),
    **dict.fromkeys(("results", "last", "latest", "table", "summary"), "crawlbench report"),
    **dict.fromkeys(("csv", "json", "markdown", "html"), "crawlbench report --format {typed}"),
    **dict.fromkeys(("page", "plot", "graph", "chart"), "crawlbench report --format html"),
    **dict.fromkeys(
        ("default", "quick", "full", "api", "clients", "cold"), "crawlbench run {typed}"
    ),
    **dict.fromkeys(("resume", "continue"), "crawlbench run --resume DIR"),
    **dict.fromkeys(("hist", "trend", "timeline", "log"), "crawlbench history results"),
    **dict.fromkeys(("estimate", "forecast", "power"), "crawlbench plan"),
    **dict.fromkeys(("validate", "lint", "try"), "crawlbench check ./mine.py"),
    **dict.fromkeys(("envs", "environments", "venv", "python", "cache"), "crawlbench env list"),
    **dict.fromkeys(("features", "support", "compat"), "crawlbench probe"),
    **dict.fromkeys(("serve", "record", "import", "verify", "build"), "crawlbench mirror {typed}"),
    **dict.fromkeys(KINDS, "crawlbench list {typed}"),
    **dict.fromkeys(("continuous", "regress", "versus"), "crawlbench ab BASE HEAD"),
    **dict.fromkeys(("bisect", "find"), "crawlbench ab --bisect BASE ... HEAD"),
    **dict.fromkeys(("calibrate", "noise"), "crawlbench aa"),
    **dict.fromkeys(("tune", "check-system", "system", "info", "machine"), "crawlbench doctor"),
    **dict.fromkeys(("clean", "prune", "gc"), "crawlbench env remove --all"),
    **dict.fromkeys(("fetch", "get", "scrape"), "crawlbench crawl"),
    **dict.fromkeys(("stress", "attack", "wrk", "ab-load", "rps"), "crawlbench load"),
}
"""The command here, by the command of another tool."""

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
    **dict.fromkeys(("--out", "--dir", "--folder", "--tag", "--name"), "--output"),
    **dict.fromkeys(("--overwrite", "--replace", "-f", "-y"), "--force"),
    **dict.fromkeys(("--clients", "--client", "--filter", "-k"), "--strategy"),
    **dict.fromkeys(("--threshold", "--max-regression", "--fail-if"), "--fail-on"),
    **dict.fromkeys(("--url", "--host"), "`crawlbench load --url` or `crawlbench crawl --url`"),
    **dict.fromkeys(("--quick", "--fast"), "`crawlbench run quick`"),
    **dict.fromkeys(("--full", "--all"), "`crawlbench run full`"),
    **dict.fromkeys(("--debug", "--verbosity"), "--verbose"),
    **dict.fromkeys(("--silent", "--no-progress"), "--quiet"),
    **dict.fromkeys(("--no-color", "--no-colour", "--color", "--style"), "the variable NO_COLOR=1"),
    **dict.fromkeys(("--list", "--list-suites"), "`crawlbench list`"),
    **dict.fromkeys(("--dry-run", "--estimate"), "`crawlbench plan`"),
    **dict.fromkeys(
        ("-L", "-P", "--parameter-list", "--parameter-scan"), "`crawlbench sweep concurrency 1 10`"
    ),
    **dict.fromkeys(("--rps", "--rate", "--url-rate"), "`crawlbench load --rate`"),
    **dict.fromkeys(("--reference", "--base", "--control"), "--baseline"),
    **dict.fromkeys(("--delta", "--epsilon"), "--margin"),
    **dict.fromkeys(("--max-runs", "--rounds-max"), "--rounds"),
    **dict.fromkeys(("--min-benchmarking-time", "--min-duration"), "--min-time"),
    **dict.fromkeys(("--latency", "--delay", "--rtt"), "a network such as `-n wan@150ms`"),
    **dict.fromkeys(("--python", "-p", "--with"), "--env"),
    **dict.fromkeys(("--asyncio", "--uvloop"), "`--loop {name}`"),
    **dict.fromkeys(("--summary-export", "--json-out", "--output-format"), "--json"),
    **dict.fromkeys(("--config", "--settings"), "[tool.crawlbench] in pyproject.toml"),
    **dict.fromkeys(("--compare", "--diff"), "`crawlbench compare BASE HEAD`"),
}
"""The option here, or what has the same effect, by the option of another tool."""


MANY = {
    "run": "One session measures one suite; run it once for each.",
    "report": "It shows one session; `crawlbench compare BASE HEAD` takes two.",
    "compare": "It takes two sessions; `crawlbench history FOLDER ...` takes many.",
    "plan": "It takes one session.",
    "submit": "It takes one session; submit each.",
    "list": "It lists one kind of names at a time.",
}
"""What to do with more arguments than a command takes."""


_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_UNITS = {
    "%": (1.0, "in percent"),
    "ms": (0.001, "in seconds"),
    **dict.fromkeys(("s", "sec", "seconds"), (1.0, "in seconds")),
    **dict.fromkeys(("m", "min", "minutes"), (60.0, "in seconds")),
    "h": (3600.0, "in seconds"),
    "/s": (1.0, "per second"),
}
"""Units that people write after a number: the factor to ours, and the name of ours."""


def suggest(error: TyperException) -> str:
    """Return a sentence that names the equivalent here; an empty text if none is known.

    Args:
        error: about a command or an option that does not exist.
    """
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is not None and context is not None:
        return _suggest_option(option, context)
    # The error has no field for the command; only its sentence names it.
    _, quote, rest = error.format_message().partition("No such command '")
    typed = rest.partition("'")[0] if quote else ""
    meant = COMMANDS.get(typed, "")
    return f" Here that is `{meant.format(typed=typed)}`." if meant else ""


def _suggest_option(option: str, context: Context) -> str:
    """Return a sentence with the equivalent of another tool's option, or with its right place."""
    name = option.lstrip("-")
    meant = OPTIONS.get(option, "").format(name=name)
    command = context.command
    if context.parent is None and name in KINDS:
        return f" Here that is `crawlbench list {name}`."
    # No option but a command, a variable or a file: that holds wherever it was typed.
    if meant and not meant.startswith("-"):
        return f" Here that is {meant}."
    if context.parent is None and isinstance(command, TyperGroup):
        # An option before its command, such as `crawlbench --rounds 5`; `run` has most of them.
        run = command.get_command(context, "run")
        taken = _options_of(run) if run else set()
        typed = next((one for one in (meant, option) if one in taken), "")
        return f" It belongs after a command, as in `crawlbench run {typed}`." if typed else ""
    # Only what this command takes: the advice must not be refused in turn.
    return f" Here that is {meant}." if meant in _options_of(command) else ""


def _options_of(command: Command) -> set[str]:
    return {name for param in command.params for name in param.opts}


def suggest_number(typed: str, param: Parameter) -> str:
    """Say how to give a number that came with its unit, or as a list; else return an empty text."""
    option = max(param.opts, key=len)
    parts = re.split(r"[,;\s]+", typed.strip("[]() "))
    if len(parts) > 1 and all(map(_NUMBER.fullmatch, parts)):
        if not getattr(param, "multiple", False):
            return f" Give one number to {option}."
        return f" Give each to an option of its own: {' '.join(f'{option} {x}' for x in parts)}."
    match = re.fullmatch(rf"({_NUMBER.pattern})\s*({'|'.join(_UNITS)})", typed.strip())
    if match is None:
        return ""
    scale, unit = _UNITS[match[2]]
    return f" Give the number alone, {unit}: {option} {float(match[1]) * scale:g}."


def suggest_fewer(typed: str, context: Context) -> str:
    """Say what to do with an argument too many; else return an empty text."""
    options = _options_of(context.command)
    if "--url" in options and "://" in typed:
        return f" Give an address as --url {typed}."
    if typed == "-" and "--json" in options:
        return " --json prints to standard output by itself."
    meant = MANY.get(context.command_path.removeprefix("crawlbench "), "")
    return f" {meant}" if meant else ""
