"""Tries what servers, endpoints and child processes promise (floor 3)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from crawlbench.operations import OperationWrong, Theme
from crawlbench.operations.contract import check
from crawlbench.operations.echo import Echo, Ping, ping_by_streams
from crawlbench.operations.payload import numbered
from crawlbench.probe.verdicts import NotHere

THEME = Theme("servers and processes")
once = partial(THEME.operation, counts="tries", n=1)
"""Registers a probe that is tried once."""
HOST, OWN = "127.0.0.1", "127.0.0.2"


@once()
async def server_closes(_: int) -> None:
    """A closed server refuses connections; `wait_closed` returns."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, HOST, 0)
    address = server.sockets[0].getsockname()
    check("is serving", server.is_serving(), True)
    server.close()
    await server.wait_closed()
    check("is serving", server.is_serving(), False)
    try:
        await loop.create_connection(asyncio.Protocol, *address)
    except ConnectionRefusedError:
        return
    raise OperationWrong("a closed server took a connection")


@once()
async def server_on_own_socket(_: int) -> None:
    """`create_server(sock=...)`, `start_serving=False` and `start_serving`."""
    loop = asyncio.get_running_loop()
    listener = socket.create_server((HOST, 0))
    address = listener.getsockname()
    server = await loop.create_server(Echo, sock=listener, start_serving=False)
    async with server:
        check("is serving", server.is_serving(), False)
        await server.start_serving()
        await _ping(*address)


async def _ping(host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    _transport, ping = await loop.create_connection(lambda: Ping(3, 100), host, port)
    check("round trips", await ping.done, 3)


@once(unix_only=True)
async def reuse_port(_: int) -> None:
    """Two servers share a port by `reuse_port`."""
    loop = asyncio.get_running_loop()
    async with await loop.create_server(Echo, HOST, 0, reuse_port=True) as first:
        port = first.sockets[0].getsockname()[1]
        async with await loop.create_server(Echo, HOST, port, reuse_port=True):
            await _ping(HOST, port)


@once()
async def ipv6(_: int) -> None:
    """A server and a client on `::1`."""
    loop = asyncio.get_running_loop()
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        raise NotHere(f"this machine has no IPv6: {error.strerror}") from error
    async with await loop.create_server(Echo, "::1", 0) as server:
        await _ping("::1", server.sockets[0].getsockname()[1])


@once()
async def local_address(_: int) -> None:
    """`create_connection(local_addr=...)` binds the client's side."""
    loop = asyncio.get_running_loop()
    try:
        socket.create_server((OWN, 0)).close()
    except OSError as error:  # such as macOS
        raise NotHere(f"this machine has no address {OWN}: {error.strerror}") from error
    async with await loop.create_server(Echo, HOST, 0) as server:
        address = server.sockets[0].getsockname()
        _transport, ping = await loop.create_connection(
            lambda: Ping(1, 100), *address, local_addr=(OWN, 0)
        )
        # Before the echo, with which `Ping` closes its connection.
        name = ping._transport.get_extra_info("sockname")
        check("round trips", await ping.done, 1)
    check("own address", name[0], OWN)


@once()
async def sock_accept(_: int) -> None:
    """`sock_accept` gives a socket that does not block, and the address."""
    loop = asyncio.get_running_loop()
    with socket.create_server((HOST, 0)) as listener, socket.socket() as client:
        listener.setblocking(False)
        client.setblocking(False)
        connecting = asyncio.create_task(loop.sock_connect(client, listener.getsockname()))
        connection, address = await loop.sock_accept(listener)
        await connecting
        with connection:
            check("address", address, client.getsockname())
            check("blocks", connection.getblocking(), False)


@once()
async def tls_server(_: int) -> None:
    """A TLS server in the loop, and its client."""
    import trustme  # noqa: PLC0415  (half a second of imports that one probe needs)

    authority = trustme.CA()
    serving, asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(asking)
    loop = asyncio.get_running_loop()
    async with await loop.create_server(Echo, HOST, 0, ssl=serving) as server:
        port = server.sockets[0].getsockname()[1]
        streams = partial(
            asyncio.open_connection, HOST, port, ssl=asking, server_hostname="localhost"
        )
        await ping_by_streams(streams, 3, 20_000)


class _Send(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ANN401, ARG002
        self.got.set_result(data)


@once()
async def udp_server(_: int) -> None:
    """Two endpoints: one bound to a port, one that sends to it."""
    loop = asyncio.get_running_loop()
    bound, receiver = await loop.create_datagram_endpoint(_Send, local_addr=(HOST, 0))
    sending, _sender = await loop.create_datagram_endpoint(_Send, local_addr=(HOST, 0))
    sending.sendto(numbered(1, 100), bound.get_extra_info("sockname"))
    check("datagram", await receiver.got, numbered(1, 100))
    bound.close()
    sending.close()


@once(unix_only=True)
async def subprocess_signal(_: int) -> None:
    """A program that is killed has the signal as its exit code, negative."""
    process = await asyncio.create_subprocess_exec("sleep", "60")
    process.kill()
    check("exit code", await process.wait(), -signal.SIGKILL)


@once(unix_only=True)
async def subprocess_options(_: int) -> None:
    """`cwd`, `env` and `stderr` as `subprocess.Popen` takes them."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", "pwd; echo $PAGE >&2"),
        cwd="/",
        env={**os.environ, "PAGE": "seven"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    check("output and errors", await process.communicate(), (b"/\n", b"seven\n"))


@once(unix_only=True)
async def subprocess_missing(_: int) -> None:
    """A program that is not there: FileNotFoundError, and no process is left."""
    try:
        await asyncio.create_subprocess_exec(str(Path("/no/such/program")))
    except FileNotFoundError:
        check("a process is left", _has_children(), False)
        return
    raise OperationWrong("a program that is not there was started")


def _has_children() -> bool:
    """Return whether this process has a child that runs, or for which nobody has waited."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True
