"""Coroutines that run at the same time and end together (floor 0)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

T = TypeVar("T")


async def run_all(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run coroutines at the same time, and return what they return, in their order.

    If one fails, the others are cancelled, and its error is raised when all have ended.
    `asyncio.gather` would let them run on, so that what they start then is ended by nobody.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in coroutines]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None  # the caller expects an error, not a group of them
    return [task.result() for task in tasks]
