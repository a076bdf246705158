"""The handle on a child for parents without an event loop (floor 0); `child.py` is for others."""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from crawlbench.base.children.child import LAST_S, ChildEnded, explain_end, kill_all
from crawlbench.base.children.launch import clean_environment, python_command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.base.children.channel import Message


class PlainChild:
    """A running child that speaks lines of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        """Start one of our modules; its standard input closes when this process ends."""
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        try:
            self._process = subprocess.Popen(
                python_command(module, *arguments),
                env=clean_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                start_new_session=True,  # Ctrl-C is for the manager alone
            )
        except BaseException:
            self._words.close()
            raise

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a message; if the child has ended, that shows only when its answer is due."""
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def hear(self, deadline_s: float | None = None) -> Message:
        """Return the child's next message.

        Raises:
            ChildEnded: the child has ended.
            TimeoutError: no message came in time. The child was killed, because its late answer
                would be taken for the answer to the next question.
        """
        try:
            line = self._read_line(deadline_s)
            if line.endswith(b"\n"):
                message: Message = json.loads(line)
                return message
            # A child that closes its output may go on without it.
            code = self._process.wait(deadline_s)
        except (queue.Empty, subprocess.TimeoutExpired):
            self.kill()
            raise TimeoutError from None
        raise ChildEnded(explain_end(code, self.words()))

    def _read_line(self, deadline_s: float | None) -> bytes:
        """Return a line of output, or what came of it before its end.

        Raises:
            queue.Empty: neither came in time.
        """
        assert self._process.stdout
        read, readline = queue.SimpleQueue[bytes](), self._process.stdout.readline
        if deadline_s is None:
            return readline()
        # A thread that can be left behind: to kill the child may not end its output, which a
        # process with a session of its own may hold open.
        threading.Thread(target=lambda: read.put(readline()), daemon=True).start()
        return read.get(timeout=deadline_s)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The child's exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def words(self) -> str:
        """Return what the child has written to standard error so far."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")

    def end(self, grace_s: float = 0.0) -> None:
        """Close the child's input, wait up to `grace_s`, then kill it and whatever it started."""
        assert self._process.stdin
        assert self._process.stdout
        with suppress(OSError):
            self._process.stdin.close()
        if grace_s:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_s)
        self.kill()
        self._process.wait()
        # In a thread, as to close it waits for a thread that still reads.
        closing = threading.Thread(target=self._process.stdout.close, daemon=True)
        closing.start()
        closing.join(LAST_S)
        self._words.close()

    def kill(self) -> None:
        """Kill the child, and everything it started, which may hold its output open."""
        kill_all(self._process)
