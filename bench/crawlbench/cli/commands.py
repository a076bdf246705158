"""Groups of commands, each of which is imported when it is called (floor 5)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typer._click import Command, Context

__all__ = ["CommandGroup", "make_group"]


class CommandGroup(TyperGroup):
    """A group that knows its commands by name and imports one when it is asked for.

    `crawlbench --version` loads none of what measures, and each command only what it needs.
    """

    homes: ClassVar[Mapping[str, str]] = {}
    """By name of a command, in the order of the help: `module:attribute` of its function, or of
    its group (`typer.Typer`)."""
    hidden_names: ClassVar[frozenset[str]] = frozenset()
    """Of commands that people do not type."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  (typer's)
        super().__init__(**options)
        names: dict[str, Any] = dict.fromkeys(self.homes)
        self.commands = {**names, **self.commands}

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Return what is left of the arguments; without any, the help is asked for."""
        return super().parse_args(ctx, args or ["--help"])

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Return a command, whose module is imported now; None if there is none of that name."""
        if cmd_name not in self.homes:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.homes[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            return get_group(found)
        alone = make_group()
        alone.command(name=cmd_name, hidden=cmd_name in self.hidden_names)(found)
        return get_command(alone)


def make_group(about: str | None = None, cls: type[CommandGroup] = CommandGroup) -> typer.Typer:
    """Return a group of commands with the manners of all of ours.

    Args:
        about: what its help begins with.
        cls: knows its commands.
    """
    return typer.Typer(
        help=about,
        cls=cls,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
