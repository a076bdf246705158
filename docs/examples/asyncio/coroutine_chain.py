"""A coroutine that awaits a coroutine that sleeps."""

import asyncio


async def compute(x: int, y: int) -> int:
    print(f"compute {x} + {y} ...")
    await asyncio.sleep(1)
    return x + y


async def print_sum(x: int, y: int) -> None:
    result = await compute(x, y)
    print(f"{x} + {y} = {result}")


asyncio.run(print_sum(1, 2))
