"""The old form: a generator with `yield from` that `await` takes, by `types.coroutine`."""

import asyncio
import types
from collections.abc import Generator


class Turns:
    """What `await` needs: `__await__` returns an iterator, and each `yield` gives way once."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __await__(self) -> Generator[None, None, int]:
        for turn in range(self.count):
            print(f"turn {turn}")
            yield
        return self.count


@types.coroutine
def old_style(count: int) -> Generator[None, None, int]:
    turns = yield from Turns(count).__await__()
    return turns * 10


async def new_style(count: int) -> int:
    return await old_style(count)


async def other() -> None:
    print("another task has its turn")


async def main() -> None:
    beside = asyncio.create_task(other())
    print(await new_style(2))
    await beside


asyncio.run(main())
