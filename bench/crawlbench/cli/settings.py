"""Options that need not be typed: from `[tool.crawlbench]`, and from variables (floor 5)."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typer._click import Command, Context, Parameter

FILE = "pyproject.toml"
PREFIX = "CRAWLBENCH"
"""Prefix of variables: `CRAWLBENCH_RUN_ROUNDS=5` stands for `crawlbench run --rounds 5`."""


def load_settings(folder: Path) -> dict[str, object]:
    """Return the table `[tool.crawlbench]` of the nearest pyproject.toml that has one.

    Args:
        folder: where the search begins; it goes upwards from there.

    Raises:
        UsageError: a file on the way cannot be read, or its `[tool.crawlbench]` is not a table.
    """
    for path in (one / FILE for one in (folder, *folder.parents)):
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, PermissionError):  # may be another user's
            continue
        except (OSError, ValueError) as error:
            raise UsageError(f"{str(path)!r} cannot be read: {error}") from error
        tool = found.get("tool", {})
        if isinstance(tool, dict) and "crawlbench" in tool:
            return _table(tool["crawlbench"], f"[tool.crawlbench] in {str(path)!r}")
    return {}


def refuse_unknown(commands: Iterable[str], name: str, settings: Mapping[str, object]) -> None:
    """Raise UsageError if a group's table holds an option, or the name of a command misspelled.

    A table that resembles none may be that of a newer version's command.

    Args:
        commands: the names of the group's commands.
        name: the group's name as it is typed after `crawlbench`; empty for that itself.
        settings: the group's table.
    """
    known = list(commands)
    where = ".".join(("tool.crawlbench", *name.split()))
    for key, value in settings.items():
        near = get_close_matches(key, known, 1)
        if key in known or (isinstance(value, dict) and not near):
            continue
        meant = (
            f"did you mean {near[0]!r}?"
            if isinstance(value, dict)
            else f"options belong in the table of a command, such as [{where}.{known[0]}]"
        )
        raise UsageError(f"[{where}] names {key!r}, which is not a command; {meant}")


def options_of(command: Command, name: str, table: object) -> dict[str, object]:
    """Return the defaults that a table of settings gives to a command's parameters.

    Args:
        command: the command that has the options.
        name: the command's name, as it is typed after `crawlbench`.
        table: values by option, as it is typed but without the leading dashes: `min-time = 0.1`.

    Raises:
        UsageError: the command has no such option.
    """
    where = f"[tool.crawlbench.{name.replace(' ', '.')}]"
    named = {
        option.lstrip("-"): str(param.name)
        for param in command.params
        for option in (*param.opts, *param.secondary_opts)
        if option.startswith("--")
    }
    params = {param.name: param for param in command.params}
    values = _table(table, where)
    for key in values:
        if key not in named:
            near = get_close_matches(key, named, 1)
            meant = f"; did you mean {near[0]!r}?" if near else f"; see crawlbench {name} --help"
            raise UsageError(f"{where} names {key!r}, which is not an option of {name}{meant}")
        # In Python true is a number, too.
        if isinstance(values[key], bool) and not getattr(params[named[key]], "is_flag", False):
            raise UsageError(f"{where} has {key} = {str(values[key]).lower()}, but it is no switch")
        if isinstance(values[key], str) and getattr(params[named[key]], "multiple", False):
            raise UsageError(f"{where} has {key} = {values[key]!r}; give a list: [{values[key]!r}]")
    off = {option.lstrip("-") for param in command.params for option in param.secondary_opts}
    found: dict[str, object] = {}
    for key, value in values.items():
        if key in off and not isinstance(value, bool):
            raise UsageError(f"{where} has {key} = {value!r}; give true or false")
        if named[key] in found:
            raise UsageError(f"{where} names the same option twice, the second time as {key!r}")
        # `no-page = true` means `page = false`.
        found[named[key]] = not value if key in off else value
    return found


def name_variables(command: Command, name: str) -> None:
    """Give each option of a command its variable, named as the option is typed.

    typer would name it after the function's parameter, which nobody sees: `as_json` for `--json`.
    """
    for param in command.params:
        long = next((one[2:] for one in param.opts if one.startswith("--")), str(param.name))
        words = (PREFIX, *name.split(), *long.split("-"))
        param.envvar = "_".join(words).replace("-", "_").upper()


def tell_source(context: Context | None, param: Parameter | None) -> str:
    """Return a sentence that says where a value came from; an empty text if it was typed."""
    place = _place(context, param) if context and param else ""
    return f" It comes from {place}." if place else ""


def tell_sources(context: Context, message: str) -> str:
    """Return where the values that a refusal speaks of came from; an empty text if all were typed.

    A command knows only values: a name that nobody knows, or a folder that is not there.
    """
    told = ""
    for param in context.command.params:
        given = context.params.get(str(param.name))
        for value in given if isinstance(given, list | tuple) else [given]:
            texts = (repr(str(value)), *(f"{option} {value}" for option in param.opts))
            if any(one in message for one in texts) and (place := _place(context, param)):
                told += f"; {str(value)!r} comes from {place}"
    return told


def _place(context: Context, param: Parameter) -> str:
    source = getattr(context.get_parameter_source(str(param.name)), "name", "")
    if source == "ENVIRONMENT":
        return f"the variable {param.envvar}"
    if source == "DEFAULT_MAP":
        return f"[tool.{context.command_path.replace(' ', '.')}] in {FILE}"
    return ""


def _table(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} is {value!r}; it must be a table, such as rounds = 5")
    return value
