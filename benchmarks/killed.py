"""Kills sessions at random moments: each must leave no folder, or one that --resume can continue.

Two commands try to continue it at once: one does, and the other refuses or has nothing to do.

    python -m benchmarks.killed [TIMES]

The tests do one of these, `make test-all` 16; this does 50.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.usage import read_words

from crawlbench.measure.store import load_session

ROUNDS = 2
SIZES = (
    "-n",
    "loopback",
    "-s",
    "requests-serial",
    "--rounds",
    str(ROUNDS),
    "--laps",
    "1",
    "--budget",
    "600",
)
LONGEST_S = 6.0  # about as long as such a session takes


def main() -> None:
    """Kill, look and resume; exit with 1 at the first folder that is neither absent nor whole."""
    times = read_words(__doc__, times=50).times
    absent = 0
    for seed in range(times):
        with tempfile.TemporaryDirectory() as folder:
            absent += not kill_and_resume(Path(folder) / "session", seed)
    print(f"{times} sessions killed: {absent} had no folder yet, all others went on to their end")


def kill_and_resume(folder: Path, seed: int) -> bool:
    """Kill one session at a moment that depends on the seed; return whether it had a folder.

    For odd seeds the time counts from the moment at which the folder appears.
    """
    command = [sys.executable, "-m", "crawlbench", "run"]
    options = ["quick", *SIZES, "--min-time", "0.01", "-o", str(folder)]
    process = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    while seed % 2 and not folder.exists() and process.poll() is None:
        time.sleep(0.01)  # on a busy machine starting may take longer than the session
    time.sleep(random.Random(seed).uniform(0, LONGEST_S))
    process.kill()
    process.wait()
    if not folder.exists():
        return False
    finished = len(load_session(folder).rounds)
    pipe = subprocess.PIPE
    resume = [*command, "--resume", str(folder)]
    writers = [subprocess.Popen(resume, stdout=pipe, stderr=pipe) for _ in range(2)]
    words = [writer.communicate()[1] for writer in writers]
    assert sorted(writer.returncode for writer in writers) in ([0, 0], [0, 2]), words
    session = load_session(folder)
    assert len(session.rounds) == ROUNDS, words
    assert len(session.rounds) >= finished
    return True


if __name__ == "__main__":
    main()
