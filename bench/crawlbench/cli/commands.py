"""Groups of commands; a command is imported only when it is called (floor 5)."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command, get_group

from crawlbench.base.errors import UsageError
from crawlbench.cli.settings import (
    load_settings,
    name_variables,
    options_of,
    refuse_unknown,
    tell_sources,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typer._click import Command, Context, HelpFormatter


class GroupedCommand(TyperCommand):
    """A command; its help groups its options, and its refusals say what was not typed."""

    def invoke(self, ctx: Context) -> Any:  # noqa: ANN401  (what the command returns)
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            error.args = (f"{error}{tell_sources(ctx, str(error))}",)
            raise

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the arguments, then the options, each group (`rich_help_panel`) in its place."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        for param in self.get_params(ctx):
            is_argument = param.param_type_name == "argument"
            panel = getattr(param, "rich_help_panel", None) or "Options"
            record = param.get_help_record(ctx)
            if record is not None:
                sections.setdefault("Arguments" if is_argument else panel, []).append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class CommandGroup(TyperGroup):
    """A group that knows its commands by name and imports a command when it is asked for.

    `crawlbench --version` loads nothing that measures, and each command only what it needs.
    """

    homes: ClassVar[Mapping[str, str]] = {}
    """By name of a command, in the order of the help: `module:attribute` of its function, or of its
    group (`typer.Typer`)."""
    hidden_names: ClassVar[frozenset[str]] = frozenset()
    """Commands that people do not type."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  (typer's)
        super().__init__(**options)
        # typer lists commands, and suggests near ones, by these names; none is imported yet.
        names: dict[str, Any] = dict.fromkeys(self.homes)
        self.commands = {**names, **self.commands}

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Return the remaining arguments; if there are none, ask for the help."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Return the called command, with what pyproject.toml says about its options."""
        if args[0] == "help" and ctx.parent is None:  # as in git and uv
            args = [*args[1:], "--help"]
        name, command, rest = super().resolve_command(ctx, args)
        # Below the first level, the table of the group has been handed down.
        settings = load_settings(Path.cwd()) if ctx.parent is None else ctx.default_map
        refuse_unknown(self.commands, " ".join(ctx.command_path.split()[1:]), settings or {})
        table = (settings or {}).get(name or "")
        typed = " ".join((*ctx.command_path.split()[1:], name or ""))
        is_group = isinstance(command, TyperGroup)
        if command and not is_group:
            name_variables(_without_variables(command), typed)
        if name and command and table is not None:
            # A group's table holds its commands' tables, which are checked when one is called.
            # typer hands a command what stands here under its name.
            ctx.default_map = {name: table if is_group else options_of(command, typed, table)}
        return name, command, rest

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Import and return a command; None if there is none with this name."""
        if cmd_name not in self.homes:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.homes[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            return get_group(found)
        # typer makes a plain command of a group that has only one.
        alone = make_group()
        is_hidden = cmd_name in self.hidden_names
        alone.command(name=cmd_name, cls=GroupedCommand, hidden=is_hidden)(found)
        return get_command(alone)

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the help, without variables, which would be half of it."""
        _without_variables(self)
        super().format_help(ctx, formatter)


def _without_variables(command: Command) -> Command:
    """Return a command whose help does not mention the variables for its options."""
    for param in command.params:
        if isinstance(param, TyperOption | TyperArgument):
            param.show_envvar = False
    return command


def make_group(
    about: str | None = None,
    cls: type[CommandGroup] = CommandGroup,
    *,
    has_completion: bool = False,
) -> typer.Typer:
    """Return a group of commands that behaves like all of ours.

    Args:
        about: what its help begins with.
        cls: the class that knows its commands.
        has_completion: whether it can set up a shell's completion.
    """
    return typer.Typer(
        help=about,
        cls=cls,
        context_settings={"help_option_names": ["-h", "--help"]},
        add_completion=has_completion,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
