"""What runs on the machines, within a Dask worker (floor 4).

The session is a process of its own: its signals, its event loop and its memory are its own, and it
lives while its standard input is open, so that it ends with the Dask worker however that dies.
"""

from __future__ import annotations

import subprocess
import tempfile
from typing import IO

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.rooms import open_room
from crawlbench.base.scheduler import watch_task
from crawlbench.cluster.blocks import pack

__all__ = ["measure_block"]

POLL_S = 1.0
"""How often it is seen to whether somebody still waits for the block."""
END_S = 30.0
"""For a session to end after its input was closed; then it is killed."""
PREFIX = "crawlbench: "
"""Of the sentence with which the command line ends."""


def measure_block(job: bytes) -> bytes:
    """Measure a block in a process, and return its files packed.

    Args:
        job: a `BlockJob` as JSON.

    Raises:
        RuntimeError: it failed; the message has its last words.
    """
    with open_room() as folder, tempfile.TemporaryFile() as last_words:
        file, session = folder / "job.json", folder / "session"
        file.write_bytes(job)
        command = python_command("crawlbench", "block", str(file), "-o", str(session))
        process = subprocess.Popen(
            command,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=last_words,
            start_new_session=True,  # Ctrl-C at the worker is the worker's business
        )
        try:
            code = _wait(process)
        finally:
            _end(process)
        if code:
            raise RuntimeError(_last_line(last_words) or f"it ended with exit code {code}")
        return pack(session)


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for a block as long as somebody wants it."""
    is_wanted = watch_task()
    while True:
        try:
            return process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            if not is_wanted():
                raise RuntimeError("nobody waits for this block any more") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(words: IO[bytes]) -> str:
    words.seek(0)
    lines = words.read().decode(errors="replace").strip().splitlines()
    ours = [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]
    return (ours or lines or [""])[-1].strip()
