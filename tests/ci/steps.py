"""The steps of action.yml, run here as the runner would run them."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
STAND_IN = '''#!{python}
"""Stands in for a Python that has crawlbench: does what a file says."""
import json, os, pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
plan = json.loads((here / "plan.json").read_text())
words = sys.argv[1:]
with (here / "calls.jsonl").open("a") as file:
    file.write(json.dumps([words, dict(os.environ)]) + "\\n")
assert words[:3] == ["-P", "-m", "crawlbench"], words
act = plan.get(words[3], {{}})
folder = next((w.partition("=")[2] for w in words if w.startswith("--output=")), None)


def end(act):
    for name, text in act.get("files", {{}}).items():
        pathlib.Path(folder).mkdir(exist_ok=True)
        (pathlib.Path(folder) / name).write_text(text)
    sys.stdout.write(act.get("out", ""))
    sys.stdout.flush()
    sys.stderr.write(act.get("err", ""))
    if act.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    sys.exit(act.get("code", 0))


if "terminated" in act:
    signal.signal(signal.SIGTERM, lambda *_: end(act["terminated"]))
if "sleep" in act:
    (here / "asleep").touch()
    time.sleep(act["sleep"])
end(act)
'''


@dataclass(frozen=True)
class Step:
    """What a step left behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str

    @property
    def comment(self):
        return Path(self.outputs["comment"]).read_text(encoding="utf-8")


def action(path="action.yml", root=ROOT):
    return yaml.safe_load((root / path).read_text(encoding="utf-8"))


def temporary_of(folder):
    """Return the runner's folder for what is temporary, which is beside the workspace."""
    return folder.with_name(f"{folder.name}'s temp")


def run_compare(folder, root=ROOT, python=None, signals=(), temporary=None, **inputs):
    """Run the step of action.yml that compares, in a workspace, with the inputs given.

    Args:
        folder: the workspace.
        root: the action's checkout.
        python: what has crawlbench; None for one that the step makes.
        signals: that the step gets once the stand-in sleeps; the last one again and again, so
            that one comes at every moment of its end.
        temporary: the runner's folder for that; None for one that is made.
        inputs: of the action, by name.
    """
    (step,) = (step for step in action(root=root)["runs"]["steps"] if step.get("id") == "compare")
    defaults = {name: one.get("default", "") for name, one in action(root=root)["inputs"].items()}
    given = {**defaults, **{name.replace("_", "-"): value for name, value in inputs.items()}}
    variables = {}
    for name, value in step["env"].items():
        match = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)
        variables[name] = given.pop(match[1]) if match else sys.executable
    room = temporary_of(folder)
    room.mkdir(exist_ok=True)
    files = {name: folder / f"{name}.txt" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.write_text("")
    environ = {
        **os.environ,
        **variables,
        **{name: str(path) for name, path in files.items()},
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(root),
        "GITHUB_TOKEN": "secret",
        "RUNNER_TEMP": str(temporary or room),
    }
    environ |= {"CRAWLBENCH_PYTHON": str(python)} if python else {}
    # A file, as the runner has: what `-c` says may take the place of bash without being asked.
    script = room / "step.sh"
    script.write_text(step["run"])
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    with process:
        try:
            if signals:
                _await(folder / "asleep", process)
            for number in signals:
                process.send_signal(number)
            log = _hear(process, signals[-1] if signals else None)
        except BaseException:
            process.kill()
            raise
    outputs = read_outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))
    summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
    return Step(process.returncode, log, outputs, summary)


def _hear(process, number):
    """Return all that a step says until it ends; send it a signal meanwhile, if there is one."""
    end = time.monotonic() + 280
    while True:
        try:
            return process.communicate(timeout=0.002 if number else 280)[0]
        except subprocess.TimeoutExpired:
            assert time.monotonic() < end
            process.send_signal(number)


def _await(path, process):
    """Wait until the stand-in is where a signal is to reach it."""
    end = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < end
        time.sleep(0.02)


def calls(folder):
    """Return the words and the variables of each call of the stand-in."""
    return [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]


def read_outputs(text):
    """Read the file as the runner does: `name<<WORD`, lines, `WORD`."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, is_there, end = line.partition("<<")
        assert is_there, line
        value = []
        for inner in lines:
            if inner == end:
                break
            value.append(inner)
        else:
            raise AssertionError(f"no end of {name}")
        assert name not in found, name
        found[name] = "\n".join(value)
    return found


def obeyed(log):
    """Return the commands that the runner would obey: those outside of fences."""
    found, fence = [], None
    for line in log.splitlines():
        text = line.strip()
        if fence:
            fence = None if text == f"::{fence}::" else fence
        elif text.startswith("::stop-commands::"):
            fence = text.removeprefix("::stop-commands::")
        elif re.match(r"(::|##\[)", text):
            found.append(text)
    assert fence is None
    return found


def stand_in(folder):
    """Write the stand-in and return its path; `plan.json` beside it says what it does."""
    path = folder / "python"
    path.write_text(STAND_IN.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
