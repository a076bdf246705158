"""The manager's handle on a mirror process (floor 3)."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from crawlbench.counters import Counters
from crawlbench.errors import MirrorError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawlbench.networks import Network

__all__ = ["MirrorProcess", "open_mirror"]

START_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0


class MirrorProcess:
    """A running mirror; made by `open_mirror`."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, name: str) -> None:
        """Hold a process that has told its address."""
        self.address = address
        """Origin, such as `http://127.0.0.1:40123`."""
        self._process = process
        self._name = name

    @property
    def pid(self) -> int:
        """Process id, for tests and for those who watch."""
        return self._process.pid

    async def begin(self, epoch: str) -> None:
        """Count anew; delays are drawn for this epoch.

        Raises:
            MirrorError: the mirror is gone or does not answer.
        """
        await self._ask({"op": "begin", "epoch": epoch})

    async def end(self) -> Counters:
        """Return what was counted since `begin`.

        Raises:
            MirrorError: the mirror is gone or does not answer.
        """
        return Counters(**await self._ask({"op": "end"}))

    async def wait(self) -> None:
        """Return when the process has ended."""
        await self._process.wait()

    async def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            await self._process.stdin.drain()
            return await _read_answer(self._process, ANSWER_TIMEOUT_S)
        except (ConnectionError, EOFError):
            code = await self._process.wait()
            raise MirrorError(
                f"the mirror of network {self._name!r} died (exit code {code})"
            ) from None
        except TimeoutError:
            raise MirrorError(
                f"the mirror of network {self._name!r} gave no answer in {ANSWER_TIMEOUT_S:.0f} s"
            ) from None


@asynccontextmanager
async def open_mirror(
    site: str, network_name: str, network: Network, seed: int, cpus: tuple[int, ...] = ()
) -> AsyncIterator[MirrorProcess]:
    """Start a mirror of a site, and end it when the block ends.

    Args:
        site: a registered site's name.
        network_name: for messages.
        network: the delays to play.
        seed: of the delays.
        cpus: to run on; empty for any.

    Raises:
        MirrorError: it did not start; the message quotes its last words.
    """
    job = {"site": site, "network": network.as_numbers(), "seed": seed, "cpus": cpus}
    with tempfile.TemporaryFile() as last_words:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "crawlbench.mirror.child", json.dumps(job)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=last_words,
            start_new_session=True,  # Ctrl-C is the manager's business
        )
        try:
            try:
                hello = await _read_answer(process, START_TIMEOUT_S)
            except (EOFError, TimeoutError):
                last_words.seek(0)
                words = last_words.read().decode(errors="replace").strip().splitlines()
                reason = words[-1] if words else "it said nothing"
                raise MirrorError(f"the mirror of {site!r} did not start: {reason}") from None
            yield MirrorProcess(process, hello["address"], network_name)
        finally:
            await _stop(process)


async def _read_answer(process: asyncio.subprocess.Process, timeout_s: float) -> dict[str, Any]:
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), timeout_s)
    if not line:
        raise EOFError
    answer: dict[str, Any] = json.loads(line)
    return answer


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Close the pipe, which ends the mirror; kill it if that does not."""
    assert process.stdin
    process.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        return
    process.kill()
    await process.wait()
