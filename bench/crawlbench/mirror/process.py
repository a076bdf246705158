"""The manager's handle on a mirror process (floor 2)."""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import asynccontextmanager
from typing import IO, TYPE_CHECKING, Any

import msgspec

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.counters import Counters
from crawlbench.base.errors import MirrorError
from crawlbench.base.rooms import open_room

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from crawlbench.mirror.networks import Network

__all__ = ["MirrorProcess", "open_mirror"]

START_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0

CA_FILE = "ca.pem"
MAX_LINE_BYTES = 2**22  # the counters name up to two thousand addresses


class MirrorProcess:
    """A running mirror; made by `open_mirror`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        address: str,
        name: str,
        ca_file: str | None = None,
    ) -> None:
        """Hold a process that has told its address."""
        self.address = address
        """Origin, such as `http://127.0.0.1:40123`."""
        self.ca_file = ca_file
        """PEM file of the authority that its clients are to trust; None on plain HTTP."""
        self._process = process
        self._name = name

    @property
    def pid(self) -> int:
        """Process id, for tests and for those who watch."""
        return self._process.pid

    async def begin(
        self,
        epoch: str,
        *,
        plays_network: bool = True,
        lap: int = 0,
        laps: int = 1,
        trace_file: Path | None = None,
    ) -> None:
        """Count anew; delays are drawn for this epoch, or there are none.

        Args:
            epoch: of the delays, such as a round.
            plays_network: whether there are any.
            lap: of the epoch, from 0.
            laps: of the epoch, over which delays are spread evenly.
            trace_file: where each request of the span is noted (`mirror/trace.py`); None: nowhere.

        Raises:
            MirrorError: the mirror is gone or does not answer.
        """
        span = {"epoch": epoch, "plays_network": plays_network, "lap": lap, "laps": laps}
        file = str(trace_file) if trace_file else None
        await self._ask({"op": "begin", "span": span, "trace_file": file})

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
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                self._process.stdin.write(json.dumps(command).encode() + b"\n")
                await self._process.stdin.drain()
                return await _read_answer(self._process)
        except (ConnectionError, EOFError):
            reason = f"died (exit code {await self._process.wait()})"
        except TimeoutError:
            _kill(self._process)  # else its late answer would be taken for that to the next command
            reason = f"gave no answer in {ANSWER_TIMEOUT_S:g} s"
        except asyncio.CancelledError:
            _kill(self._process)  # for the same reason
            raise
        raise MirrorError(f"the mirror of network {self._name!r} {reason}")


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
    job: dict[str, Any] = {"site": site, "seed": seed, "cpus": cpus}
    job["network"] = msgspec.to_builtins(network)
    with (
        tempfile.TemporaryFile() as last_words,
        open_room() as folder,
    ):
        job["ca_file"] = str(folder / CA_FILE)
        process = await asyncio.create_subprocess_exec(
            *python_command("crawlbench.mirror.child", json.dumps(job)),
            env=clean_environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=last_words,
            limit=MAX_LINE_BYTES,
            start_new_session=True,  # Ctrl-C is the manager's business
        )
        try:
            hello = await _read_hello(process, site, last_words)
            yield MirrorProcess(process, hello["address"], network_name, hello["ca_file"])
        finally:
            await _stop(process)


async def _read_hello(
    process: asyncio.subprocess.Process, site: str, last_words: IO[bytes]
) -> dict[str, Any]:
    """Return what a mirror says when it listens."""
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            return await _read_answer(process)
    except EOFError:
        last_words.seek(0)
        words = last_words.read().decode(errors="replace").strip().splitlines()
        reason = words[-1] if words else f"it ended with exit code {await process.wait()}"
    except TimeoutError:
        reason = f"it gave no sign of life in {START_TIMEOUT_S:g} s"
    raise MirrorError(f"the mirror of {site!r} did not start: {reason}")


async def _read_answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    answer: dict[str, Any] = json.loads(line)
    return answer


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Close the pipe, which ends the mirror; kill it if that does not."""
    assert process.stdin
    process.stdin.close()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.communicate()
    except TimeoutError:
        pass
    finally:
        _kill(process)
        await process.communicate()


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
