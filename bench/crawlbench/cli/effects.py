"""Refuses options that would have no effect (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.plugins.registry import Kind
from crawlbench.plugins.scouts import find_out

if TYPE_CHECKING:
    from typer import Context


def typed_options(context: Context) -> dict[str, str]:
    """Return what was typed: by parameter, the longest spelling of its option.

    Variables and pyproject.toml are meant for many calls, of which not each has a use for them.
    """
    # By the name of the source, because typer's copy of click, which has the enum, is private.
    return {
        str(param.name): max(param.opts, key=len)
        for param in context.command.params
        if getattr(context.get_parameter_source(str(param.name)), "name", "") == "COMMANDLINE"
    }


def refuse_idle(context: Context, why: str, *names: str) -> None:
    """Raise if options of these parameters were typed although, as a clause says, they are idle.

    Raises:
        UsageError: one of them was typed.
    """
    typed = typed_options(context)
    idle = [typed[name] for name in names if name in typed]
    if idle:
        pronoun = "it" if len(idle) == 1 else "them"
        raise UsageError(f"{' and '.join(idle)} would have no effect: {why}; leave {pronoun} out")


def require_effect(strategy: str, loop: str | None) -> None:
    """Check that an event loop that was asked for will run.

    Raises:
        UsageError: the strategy does not need one.
        BenchError: one of the two cannot be loaded.
    """
    if loop is None:
        return
    facts, found = find_out([(Kind.STRATEGY, strategy), (Kind.EVENT_LOOP, loop)])
    facts.require()
    found.require_loops()
    if not facts.is_async:
        raise UsageError(
            f"--loop {loop} would have no effect: {strategy} needs no event loop; leave it out"
        )
