"""The flow behind `ci/compare`: install, find the margin, compare, tell."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ci.answering import INTERRUPTED, USAGE, Outcome, fail, judge
from ci.inputs import USUAL_NAME, InputError, Inputs, read_inputs
from ci.installing import InstallError, find_python
from ci.running import quiet_environment, run
from ci.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["main"]

CALIBRATION = ("aa", "--sessions", "8", "--rounds", "3", "--laps", "2")
"""A minute or so; `aa` keeps what it finds, and `ab` takes it up."""


def main() -> int:
    """Compare as the variables ask, and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # Windows would refuse what it has no letter for
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    return compare(os.environ, sys.stdout)


def compare(environ: Mapping[str, str], log: TextIO) -> int:
    """Hold head against base and tell the service; always tells, whatever goes wrong."""
    service = Service(environ, log)
    room = Path(tempfile.mkdtemp(prefix="crawlbench-", dir=environ.get("RUNNER_TEMP")))
    name, fails_if_unclear, folder = USUAL_NAME, False, room / "session"
    try:
        inputs = read_inputs(environ)
        name, fails_if_unclear = inputs.name, inputs.fails_if_unclear
        folder = inputs.folder or folder
        outcome = _Comparison(inputs, folder, room, service).measure()
    except InputError as error:
        outcome = fail(str(error), USAGE)
    except (InstallError, OSError) as error:
        outcome = fail(str(error))
    except KeyboardInterrupt:
        outcome = fail("interrupted; nothing can be said", INTERRUPTED)
    exit_code = outcome.exit_code(fails_if_unclear=fails_if_unclear)
    _tell(service, outcome, name, folder, outcome.level(exit_code))
    if folder.parent != room:
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
        # uv looks for settings there, not in the workspace, which may be a stranger's.
        environ = {**quiet_environment(self.service.environ), "UV_PROJECT": str(self.room)}
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
            ended = run((*crawlbench, *call, *sides), environ, log)
        return judge(ended, self.folder, self.inputs)

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


def _tell(service: Service, outcome: Outcome, name: str, folder: Path, level: str) -> None:
    """Write the comment, the summary and the outputs, and say the sentence."""
    comment = folder.with_name(f"{folder.name}-comment.md")
    try:
        comment.write_text(outcome.comment(name), encoding="utf-8", errors="replace", newline="\n")
        service.add_summary(outcome.summary())
        outputs = {
            "verdict": outcome.verdict,
            "code": str(outcome.code),
            "sentence": outcome.sentence,
            "folder": str(folder) if folder.is_dir() else "",
            "comment": str(comment),
        }
        for output, value in outputs.items():
            service.write_output(output, value)
    except OSError as error:
        service.annotate("warning", f"what was found cannot be written: {error}")
    service.annotate(level, f"{outcome.verdict}: {outcome.sentence}")
