"""A crawl: three workers share a queue of addresses, and each page may name more of them."""

import asyncio

PAGES = {
    "/list": "/film/1 /film/2 /film/3 /film/4",
    **{f"/film/{number}": "" for number in range(1, 5)},
}
WORKERS = 3


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    address = (await reader.readline()).decode().split()[1]
    while (await reader.readline()).strip():
        pass  # the request's headers
    await asyncio.sleep(0.05)  # as a server far away
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PAGES[address].encode())
    writer.close()


async def fetch(address: str, port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer.partition("\r\n\r\n")[2]


async def work(number: int, queue: asyncio.Queue[str], seen: set[str], port: int) -> None:
    while True:
        address = await queue.get()
        for found in (await fetch(address, port)).split():
            if found not in seen:
                print(f"worker {number} found {found}")
                seen.add(found)
                queue.put_nowait(found)
        queue.task_done()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    queue: asyncio.Queue[str] = asyncio.Queue()
    seen = {"/list"}
    queue.put_nowait("/list")
    workers = [asyncio.create_task(work(n, queue, seen, port)) for n in range(1, WORKERS + 1)]
    await queue.join()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    server.close()
    print(f"{len(seen)} pages: {' '.join(sorted(seen))}")


asyncio.run(main())
