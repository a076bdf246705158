"""The flow behind `ci/compare`: install, compare, report."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from ci.answering import INTERRUPTED, NOTHING_SAID, USAGE, Outcome, fail, judge
from ci.inputs import USUAL_NAME, InputError, Inputs, read_inputs
from ci.installing import InstallError, find_python
from ci.running import Interrupted, quiet_environment, run
from ci.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["main"]

OWN_FOLDERS = {
    "CRAWLBENCH_CACHE": "crawlbench-cache",
    "UV_CACHE_DIR": "uv-cache",
    "PIP_CACHE_DIR": "pip-cache",
    "XDG_CONFIG_HOME": "settings",
}
"""Folders of our own for variables that the runner does not set.

Otherwise builds could leave something in the shared folders for the next job.
"""


def main() -> int:
    """Compare as the variables ask, and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # Windows would fail for letters it does not have
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    _on_signals(_interrupt)
    return compare(os.environ, sys.stdout)


def _on_signals(handler: Callable[..., None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _interrupt(*_: object) -> NoReturn:
    """Interrupt once: GitHub's second signal, 7.5 s later, must not cut the report short."""
    _on_signals(_pass_over)
    raise KeyboardInterrupt


def _pass_over(*_: object) -> None:
    """Do nothing."""


def compare(environ: Mapping[str, str], log: TextIO) -> int:
    """Compare head with base, and report to the service, even if something goes wrong."""
    service = Service(environ, log)
    name, fails_if_unclear = USUAL_NAME, False
    room: Path | None = None
    folder: Path | None = None
    try:
        place = environ.get("RUNNER_TEMP") or None
        room = Path(tempfile.mkdtemp(prefix="crawlbench-", dir=place)).absolute()
        folder = room / "session"
        inputs = read_inputs(environ)
        name, fails_if_unclear = inputs.name, inputs.fails_if_unclear
        folder = inputs.folder or folder
        outcome = _Comparison(inputs, folder, room, service).measure()
    except InputError as error:
        outcome = fail(str(error), USAGE)
    except (InstallError, OSError) as error:
        outcome = fail(str(error))
    except KeyboardInterrupt:
        outcome = fail(NOTHING_SAID, INTERRUPTED)
    # From here on signals are ignored: while Python exits, our handlers are gone, and a signal
    # would kill us.
    _on_signals(signal.SIG_IGN)
    exit_code = outcome.exit_code(fails_if_unclear=fails_if_unclear)
    _tell(service, outcome, name, folder, outcome.level(exit_code))
    if room and folder and folder.parent != room:
        shutil.rmtree(room, ignore_errors=True)
    return exit_code


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One comparison and its folders."""

    inputs: Inputs
    folder: Path
    """The session's folder, which crawlbench makes."""
    room: Path
    """A folder for temporary files."""
    service: Service

    def measure(self) -> Outcome:
        """Install and compare; output of other programs is logged within a fence."""
        environ = self._environment()
        log = self.service.log
        self.service.say("crawlbench: getting ready")
        with self.service.fenced():
            python = find_python(self.room, environ, log)
        # -P: a module of the checkouts must not replace one of ours.
        crawlbench = (python, "-P", "-m", "crawlbench")
        names = (f"--name={name}" for name in self.inputs.side_names)
        call = ("ab", f"--output={self.folder}", *names, *self.inputs.options, "--")
        sides = (self.inputs.base, self.inputs.head)
        self.service.say("crawlbench: comparing head with base")
        with self.service.fenced():
            try:
                ended = run((*crawlbench, *call, *sides), environ, log)
            except Interrupted as error:  # what was measured until then is an answer, too
                ended = error.ended
        return judge(ended, self.folder, self.inputs)

    def _environment(self) -> dict[str, str]:
        """Return the environment variables for all commands."""
        given = self.service.environ
        own = {
            name: str(self.room / folder)
            for name, folder in OWN_FOLDERS.items()
            if not given.get(name)
        }
        # uv looks for settings in this folder, not in the workspace, which may be a stranger's.
        return {**quiet_environment(given), **own, "UV_PROJECT": str(self.room)}


def _tell(service: Service, outcome: Outcome, name: str, folder: Path | None, level: str) -> None:
    """Write the comment, the summary and the outputs, and annotate the sentence.

    Args:
        service: where the outcome is reported.
        outcome: the comparison's outcome.
        name: the comparison's name.
        folder: the session's folder, with the comment beside it; None if neither can be written.
        level: the level of the annotation.
    """
    comment = folder and folder.with_name(f"{folder.name}-comment.md")
    try:
        if comment:
            text = outcome.comment(name)
            comment.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        service.add_summary(outcome.summary())
        outputs = {
            "verdict": outcome.verdict,
            "code": str(outcome.code),
            "sentence": outcome.sentence,
            "folder": str(folder) if folder and folder.is_dir() else "",
            "comment": str(comment or ""),
        }
        for output, value in outputs.items():
            service.write_output(output, value)
    except OSError as error:
        service.annotate("warning", f"the results cannot be written: {error}")
    service.annotate(level, f"{outcome.verdict}: {outcome.sentence}")
