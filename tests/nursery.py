"""Calls of `crawlbench` that begin with all imported: forks of one process that stands ready.

Most of what a short call costs is its imports, and a test about an option has no use for them. The
calls stay what they are: processes of their own, with their own folder, streams, variables and exit
code, started through `crawlbench.__main__`. What is about the start itself (import paths, signals,
streams that are closed, an encoding) starts a new Python by `conftest.command_line`.

`python tests/nursery.py DESCRIPTOR` is the process that stands ready.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile

IMPORTED = (
    *("altair", "aiohttp", "jinja2", "lxml.html", "mpmath", "msgspec", "packaging.requirements"),
    *("psutil", "pyperf", "requests", "rich.table", "typer"),
    *(
        "crawlbench.cli.app",
        "crawlbench.cli.run",
        "crawlbench.cli.report",
        "crawlbench.cli.compare",
    ),
    *(
        "crawlbench.cli.crawl",
        "crawlbench.cli.listing",
        "crawlbench.cli.probe",
        "crawlbench.cli.ab",
    ),
    *(
        "crawlbench.cli.archive",
        "crawlbench.cli.check",
        "crawlbench.cli.history",
        "crawlbench.cli.load",
        "crawlbench.cli.serving",
    ),
    "typer._adapters",  # which it imports when it first reads arguments
)
LOOKED_AT = {
    "SITE": ["douban-top250"],
    "PARSER": ["lxml", "none"],
    "EVENT_LOOP": ["asyncio", "uvloop"],
    "STRATEGY": ["aiohttp-gather", "http-client-serial", "requests-serial", "requests-threads"],
}
"""Ours that most calls name: scouts say the same of them in each, and are asked once.

Calls that name others, or that start a new Python, still ask for themselves.
"""
LENGTH = 8


class Nursery:
    """The process that stands ready, as its owner sees it."""

    def __init__(self, environment):
        """Start it; what it prints itself goes where the tests' own errors go."""
        self.ours, theirs = socket.socketpair()
        command = [sys.executable, __file__, str(theirs.fileno())]
        nowhere = subprocess.DEVNULL  # no terminal, for which Python would buffer by lines
        self.process = subprocess.Popen(
            command, env=environment, pass_fds=[theirs.fileno()], stdin=nowhere, stdout=nowhere
        )
        self.fixed = _read_at_start(environment)
        theirs.close()

    def can_serve(self, environment):
        """Tell whether these variables ask for nothing that Python reads when it starts."""
        return _read_at_start(environment) == self.fixed

    def call(self, arguments, *, cwd, environment, timeout, text="", stdout=None, stderr=None):
        """Return what `subprocess.run` returns for one call of `crawlbench`.

        What goes to a file that is given is not returned.
        """
        theirs, ours = socket.socketpair()
        with (
            ours,
            theirs,
            tempfile.TemporaryFile() as stdin,
            tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as errors,
        ):
            stdin.write(text.encode())
            stdin.seek(0)
            told = {"arguments": arguments, "cwd": str(cwd), "environment": environment}
            streams = (stdin, stdout or output, stderr or errors)
            files = [theirs.fileno(), *(file.fileno() for file in streams)]
            _send(self.ours, told, files)
            theirs.close()
            ours.settimeout(timeout)
            number = int.from_bytes(_receive(ours, LENGTH), "little")
            code = _wait(ours, number, arguments, timeout)
            texts = [_read(file) for file in (output, errors)]
        return subprocess.CompletedProcess(["crawlbench", *arguments], code, *texts)

    def close(self):
        """End it: it goes when nobody can ask any more."""
        self.ours.close()
        self.process.wait(20)


def _read_at_start(environment):
    return {k: v for k, v in environment.items() if k.startswith(("PYTHON", "LC_", "LANG", "LD_"))}


def _wait(ours, number, arguments, timeout):
    try:
        return int.from_bytes(_receive(ours, LENGTH), "little", signed=True)
    except TimeoutError:
        os.kill(number, signal.SIGKILL)
        raise subprocess.TimeoutExpired(["crawlbench", *arguments], timeout) from None


def _read(file):
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def _send(sender, told, files=()):
    body = json.dumps(told).encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
    sender.sendmsg([len(body).to_bytes(LENGTH, "little")], rights)
    sender.sendall(body)


def _receive(receiver, length):
    data = b""
    while len(data) < length:
        piece = receiver.recv(length - len(data))
        if not piece:
            raise EOFError("the process that stands ready is gone; its last words stand above")
        data += piece
    return data


def serve(asked):
    """Fork a process for each call, until nobody can ask; return in each what it is to do."""
    while True:
        files = array.array("i")
        head, rights, _, _ = asked.recvmsg(LENGTH, socket.CMSG_SPACE(4 * files.itemsize))
        if not head:
            sys.exit()
        files.frombytes(rights[0][2])
        told = json.loads(_receive(asked, int.from_bytes(head, "little")))
        if not os.fork() and _attend(*files):
            asked.close()
            return told
        for descriptor in files:
            os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass  # those that have told how their calls ended


def _attend(answer, *streams):
    """Fork once more: the child returns, and this process tells how it ends."""
    child = os.fork()
    if not child:
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        for descriptor in (answer, *streams):
            os.close(descriptor)
        return True
    os.write(answer, child.to_bytes(LENGTH, "little"))
    _, status = os.waitpid(child, 0)
    os.write(answer, os.waitstatus_to_exitcode(status).to_bytes(LENGTH, "little", signed=True))
    os._exit(0)


def _look():
    from crawlbench.plugins.registry import Kind
    from crawlbench.plugins.scouts import find_out

    find_out([(Kind[kind], name) for kind, names in LOOKED_AT.items() for name in names])


class _End:
    """Ends a call without the taking apart of all that is imported.

    Python would visit each object that the call shares with the process that stands ready, and so
    copy it: five times what a short call costs otherwise. All else is done as Python does it.
    """

    code = None

    def keep(self, code):
        """Remember with which code the call wants to end."""
        self.code = 0 if code is None else code

    def __call__(self):
        """End now, unless the end has something to tell: a text, an error, a full disk."""
        if not isinstance(self.code, int):
            return
        gc.collect()  # what is left open complains when it is found
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):
            return  # Python says so, and exits with a code of its own
        os._exit(self.code & 0xFF)


def main():
    """Import, serve, and be `crawlbench` in the children."""
    end = _End()
    atexit.register(end)  # before all others, so that it is called after them
    for name in IMPORTED:
        __import__(name)
    _look()
    gc.collect()
    gc.freeze()  # what all children share is not copied because one of them counts it
    told = serve(socket.socket(fileno=int(sys.argv[1])))
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["cwd"])
    sys.path[0] = told["cwd"]  # as `python -m` has it
    sys.argv = ["crawlbench", *told["arguments"]]
    try:
        runpy.run_module("crawlbench", run_name="__main__", alter_sys=True)
    except SystemExit as asked:
        end.keep(asked.code)
        raise


if __name__ == "__main__":
    main()
