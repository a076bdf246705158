"""A loop runs in a second thread, while the main thread waits for its own tasks."""

import asyncio
import threading


async def fetch(page: int) -> str:
    await asyncio.sleep(0.1 * page)
    return f"page {page} in {threading.current_thread().name}"


async def main(second: asyncio.AbstractEventLoop) -> None:
    elsewhere = asyncio.run_coroutine_threadsafe(fetch(3), second)
    for own in await asyncio.gather(fetch(1), fetch(2)):
        print(own)
    answer = await asyncio.wrap_future(elsewhere)
    print(answer)


second = asyncio.new_event_loop()
thread = threading.Thread(target=second.run_forever, name="the second thread")
thread.start()
threading.current_thread().name = "the main thread"
try:
    asyncio.run(main(second))
finally:
    second.call_soon_threadsafe(second.stop)
    thread.join()
    second.close()
print("both loops are closed")
