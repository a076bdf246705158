"""Runs a command whose output is not trusted: logs its lines and keeps the last ones."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Ended", "Interrupted", "quiet_environment", "run"]

KEPT_LINES = 40
LONGEST_LINE = 20_000  # characters; the rest counts as another line
END_PATIENCE_S = 5.0  # for a process to end after it was asked to
PIPE_PATIENCE_S = 10.0  # for a pipe that a grandchild keeps open
HURRIED_PIPE_PATIENCE_S = 1.5
"""The same if we are interrupted ourselves: GitHub waits for 7.5 s, and then for 2.5 s more."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25
"""Seconds between two looks at whether a command has ended."""
SERVICE_PREFIXES = ("GITHUB_", "ACTIONS_", "INPUT_", "CI_", "GH_")
"""Beginnings of variables that name the service's files and may contain its tokens.

What is measured does not see these variables.
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    """Below 0 if a signal ended it."""
    lines: tuple[str, ...]
    """The last lines of both its outputs."""
    is_interrupted: bool = False
    """Whether it was ended because we were interrupted."""

    @property
    def last_words(self) -> str:
        """The last line that is not empty, without the prefix `crawlbench:`."""
        said = [line.strip() for line in self.lines if line.strip()]
        return said[-1].removeprefix("crawlbench: ") if said else "nothing"


class Interrupted(KeyboardInterrupt):
    """Raised if we are interrupted while a command runs, after the command has ended."""

    def __init__(self, ended: Ended) -> None:
        super().__init__()
        self.ended = ended


def quiet_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those of the service."""
    kept = {k: v for k, v in environ.items() if not k.upper().startswith(SERVICE_PREFIXES)}
    return {"COLUMNS": "120", **kept, "PYTHONUTF8": "1"}


def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    log: TextIO,
    folder: Path | None = None,
) -> Ended:
    """Run a command to its end, and log its output.

    Processes that it leaves behind cannot write to the log afterwards, when the fence around the
    log has ended.

    Args:
        command: the command's words; no shell reads them.
        environ: all environment variables of the command.
        log: where its lines go.
        folder: the command's working folder; None for the current one.

    Raises:
        Interrupted: we were interrupted; the command was asked to end, and has ended.
        OSError: it cannot be started.
    """
    process = pump = None
    try:
        with _held_signals():  # a signal now would leave the new process behind
            process = _start(command, environ, folder)
            assert process.stdout
            pump = _Pump(process.stdout, log)
            pump.start()
        code = _wait(process)
        return Ended(code, pump.finish(PIPE_PATIENCE_S))
    except KeyboardInterrupt:
        if process is None or pump is None:
            raise
        _end(process)
        lines = pump.finish(HURRIED_PIPE_PATIENCE_S)
        raise Interrupted(Ended(process.returncode, lines, is_interrupted=True)) from None


@contextmanager
def _held_signals() -> Iterator[None]:
    """Hold back the signals that end us until the end of the block."""
    held: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: held.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    for late in held:
        signal.raise_signal(late)


def _start(
    command: Sequence[str], environ: Mapping[str, str], folder: Path | None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        env=dict(environ),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def _wait(process: subprocess.Popen[str]) -> int:
    """Return the exit code.

    A signal just before `process.wait` does not wake it up, so we look from time to time.
    """
    pause_s = SHORTEST_PAUSE_S
    while (code := process.poll()) is None:
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
    return code


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(END_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Pump(threading.Thread):
    """Copies lines to the log until it is stopped."""

    def __init__(self, source: IO[str], log: TextIO) -> None:
        super().__init__(daemon=True)
        self._source = source
        self._log = log
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._lock = threading.Lock()
        self._is_over = False

    def run(self) -> None:
        """Carry."""
        with self._source:
            while line := self._source.readline(LONGEST_LINE):
                if not self._carry(line.rstrip("\r\n")):
                    return

    def _carry(self, text: str) -> bool:
        """Log a line, and return whether to continue."""
        with self._lock:
            if not self._is_over:
                # Always with a line break; otherwise the log's next line would be joined to it.
                self._log.write(f"{text}\n")
                self._log.flush()
                self._lines.append(text)
            return not self._is_over

    def finish(self, patience_s: float) -> tuple[str, ...]:
        """Stop, and return the last lines."""
        self.join(patience_s)
        with self._lock:
            self._is_over = True
            return tuple(self._lines)
