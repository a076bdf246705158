"""The part that runs on the machines, inside a Dask worker (floor 4).

The session runs in a process of its own, with its own signals, event loop and memory. It ends when
its standard input is closed, and so ends with the Dask worker, however that ends.
"""

from __future__ import annotations

import subprocess
import tempfile
from typing import IO

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.rooms import open_room
from crawlbench.base.scheduler import watch_task
from crawlbench.cluster.blocks import pack

POLL_S = 1.0
"""Seconds between two looks at whether the manager still waits for the block."""
# More than LAST_S of cli/cluster.py, by which a block that cannot end kills what it has started
# and itself: if we killed it before, that would be left behind.
END_S = 30.0
"""Seconds that a session has to end after its input was closed; then it is killed."""
PREFIX = "crawlbench: "
"""Begins the sentence with which the command line ends."""


def measure_block(job: bytes) -> bytes:
    """Measure a block in a process, and return its files packed.

    Args:
        job: a `BlockJob` as JSON.

    Raises:
        RuntimeError: it failed; the message is the last line that it printed.
    """
    # Last words go to a file: nobody would read a pipe meanwhile, and a full one stops the block.
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
    """Wait for a block as long as the manager wants it, and return the exit code."""
    is_wanted = watch_task()
    while True:
        try:
            return process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            if not is_wanted():
                raise RuntimeError("the manager no longer waits for this block") from None


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
    # Libraries write to standard error as well; only our own sentence says why the block ended.
    ours = [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]
    return (ours or lines or [""])[-1].strip()
