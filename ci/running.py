"""Runs a command whose words are not trusted: they are logged, and the last ones kept."""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Ended", "quiet_environment", "run"]

KEPT_LINES = 40
LONGEST_LINE = 20_000  # characters; the rest counts as another line
PATIENCE_S = 10.0  # for an end that was asked for, and for a pipe that a grandchild holds open
SERVICE_PREFIXES = ("GITHUB_", "ACTIONS_", "INPUT_", "CI_", "GH_")
"""Of variables that name the service's files and may hold its tokens: not for what is measured."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int | None
    """None if it was ended because it took too long."""
    lines: tuple[str, ...]
    """Its last ones, of both its outputs."""

    @property
    def last_words(self) -> str:
        """The last line that is not empty, without `crawlbench:` in front."""
        said = [line.strip() for line in self.lines if line.strip()]
        return said[-1].removeprefix("crawlbench: ") if said else "nothing"


def quiet_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those of the service."""
    kept = {k: v for k, v in environ.items() if not k.upper().startswith(SERVICE_PREFIXES)}
    return {"COLUMNS": "120", **kept, "PYTHONUTF8": "1"}


def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    log: TextIO,
    limit_s: float | None = None,
    folder: Path | None = None,
) -> Ended:
    """Run a command to its end and log what it says.

    What it leaves behind may not write to the log afterwards: a fence around the log has gone then.

    Args:
        command: no shell reads it.
        environ: all its variables.
        log: where its lines go.
        limit_s: after which it is ended.
        folder: that it is called in; None for the one that we are called in.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        command,
        env=dict(environ),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout
    pump = _Pump(process.stdout, log)
    pump.start()
    code: int | None = None
    try:
        code = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            _end(process)
        lines = pump.finish()
    return Ended(code, lines)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Pump(threading.Thread):
    """Carries lines to the log until it is told to stop."""

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
        """Log a line, and tell whether another is wanted."""
        with self._lock:
            if not self._is_over:
                # With an end, even if it came without: it would swallow what is logged next.
                self._log.write(f"{text}\n")
                self._log.flush()
                self._lines.append(text)
            return not self._is_over

    def finish(self) -> tuple[str, ...]:
        """Stop, and return the last lines."""
        self.join(PATIENCE_S)
        with self._lock:
            self._is_over = True
            return tuple(self._lines)
