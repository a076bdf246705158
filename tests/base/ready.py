"""A process that stands ready and forks, for `test_nursery.py`: `-m tests.base.ready [HOLD]`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

from crawlbench.base.children import count_files, open_channel, serve_forks, why_not_fork

HELD = []


def hold(what):
    """Do what an import may do that forks could not share."""
    if what == "thread":
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    elif what == "file":
        HELD.append(tempfile.TemporaryFile())  # noqa: SIM115  (held until the end)
    elif what == "nothing":
        sys.exit("it does not get ready")


def do(name, say):
    """Do one job."""
    say({"pid": os.getpid(), "session": os.getsid(0), "input": sys.stdin.read()})
    if name == "leave":
        print("last words", file=sys.stderr)
        sys.exit(3)
    elif name == "abort":
        os.abort()
    elif name == "hang":
        child = subprocess.Popen(["sleep", "60"])
        say({"child": child.pid})
        time.sleep(60)
    elif name == "leave a child":
        say({"child": subprocess.Popen(["sleep", "60"]).pid})
    elif name == "kill":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    say({"done": name})


def main():
    """Stand ready; what a fork does comes after that, as its caller has it."""
    say = open_channel()
    files = count_files()
    hold("".join(sys.argv[1:]))
    say({"why_not_fork": why_not_fork(files)})
    job = serve_forks(say)
    if job:
        do(job.order["do"], job.say)


if __name__ == "__main__":
    main()
