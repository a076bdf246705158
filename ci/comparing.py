"""The flow behind `ci/compare`: install, find the margin, compare, tell."""

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

CALIBRATION = ("aa", "--sessions", "8", "--rounds", "3", "--laps", "2")
"""A minute or so: how far apart equal things look here; no verdict depends on it."""
OWN_FOLDERS = {
    "CRAWLBENCH_CACHE": "crawlbench-cache",
    "UV_CACHE_DIR": "uv-cache",
    "PIP_CACHE_DIR": "pip-cache",
    "XDG_CONFIG_HOME": "settings",
}
"""By variable, what builds could leave something in for the next job, unless the runner sets it."""


def main() -> int:
    """Compare as the variables ask, and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # Windows would refuse what it has no letter for
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    _on_signals(_interrupt)
    return compare(os.environ, sys.stdout)


def _on_signals(handler: Callable[..., None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _interrupt(*_: object) -> NoReturn:
    """Interrupt once: GitHub's second signal, 7.5 s later, must not cut short what is told."""
    _on_signals(_pass_over)
    raise KeyboardInterrupt


def _pass_over(*_: object) -> None:
    """Do nothing."""


def compare(environ: Mapping[str, str], log: TextIO) -> int:
    """Hold head against base and tell the service; always tells, whatever goes wrong."""
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
    # Ignored from here on: a handler of ours is gone while Python ends, and a signal would kill us.
    _on_signals(signal.SIG_IGN)
    exit_code = outcome.exit_code(fails_if_unclear=fails_if_unclear)
    _tell(service, outcome, name, folder, outcome.level(exit_code))
    if room and folder and folder.parent != room:
        shutil.rmtree(room, ignore_errors=True)
    return exit_code


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One comparison on its way."""

    inputs: Inputs
    folder: Path
    """Of the session; made by crawlbench."""
    room: Path
    """For what is needed meanwhile."""
    service: Service

    def measure(self) -> Outcome:
        """Do all of it; everything that is not ours speaks within a fence."""
        environ = self._environment()
        log = self.service.log
        self.service.say("crawlbench: getting ready")
        with self.service.fenced():
            python = find_python(self.room, environ, log)
        # -P: a module of the checkouts' must not take the place of one of ours.
        crawlbench = (python, "-P", "-m", "crawlbench")
        if self.inputs.calibrate_s:
            self._calibrate(crawlbench, environ)
        names = (f"--name={name}" for name in self.inputs.side_names)
        call = ("ab", f"--output={self.folder}", *names, *self.inputs.options, "--")
        sides = (self.inputs.base, self.inputs.head)
        self.service.say("crawlbench: holding head against base")
        with self.service.fenced():
            try:
                ended = run((*crawlbench, *call, *sides), environ, log)
            except Interrupted as error:  # what it has measured until then is an answer, too
                ended = error.ended
        return judge(ended, self.folder, self.inputs)

    def _environment(self) -> dict[str, str]:
        """Return the variables of all that is called."""
        given = self.service.environ
        own = {
            name: str(self.room / folder)
            for name, folder in OWN_FOLDERS.items()
            if not given.get(name)
        }
        # uv looks for settings there, not in the workspace, which may be a stranger's.
        return {**quiet_environment(given), **own, "UV_PROJECT": str(self.room)}

    def _calibrate(self, crawlbench: tuple[str, ...], environ: Mapping[str, str]) -> None:
        """Find what equal things look apart here; without it `ab` takes its usual margin."""
        self.service.say("crawlbench: finding what equal things look apart on this machine")
        with self.service.fenced():
            limit_s = self.inputs.calibrate_s
            ended = run((*crawlbench, *CALIBRATION), environ, self.service.log, limit_s)
        if ended.code != 0:
            why = ended.last_words if ended.code is not None else f"not done in {limit_s:g} s"
            self.service.annotate(
                "warning", f"this machine's margin could not be found ({why}); the usual one holds"
            )


def _tell(service: Service, outcome: Outcome, name: str, folder: Path | None, level: str) -> None:
    """Write the comment, the summary and the outputs, and say the sentence.

    Args:
        service: that is told.
        outcome: of the comparison.
        name: of the comparison.
        folder: of the session, with the comment beside it; None if there is no room for either.
        level: how loudly the sentence is said.
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
        service.annotate("warning", f"what was found cannot be written: {error}")
    service.annotate(level, f"{outcome.verdict}: {outcome.sentence}")
