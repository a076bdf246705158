"""Takes from crawlbench what Windows does not have; a start of Python loads this by its name.

No test here runs on Windows. What other packages rely on stays, as theirs has a branch for it.
"""

# ruff: noqa: A002  (the names that `__import__` has)
import asyncio
import builtins
import os
import signal
import socket
import sys

import psutil  # noqa: F401  (before what it uses on Linux is taken away)

ABSENT = {"fcntl", "grp", "pwd", "resource", "termios"}
GONE = {
    os: ("sched_getaffinity", "sched_setaffinity", "killpg", "memfd_create", "sendfile", "getpgid"),
    signal: ("SIGUSR1", "SIGUSR2", "SIGHUP", "SIGALRM", "setitimer"),
    socket: ("AF_UNIX",),
}
real_import, real_pair = builtins.__import__, socket.socketpair


def lacking(name, globals=None, locals=None, fromlist=(), level=0):
    """Import, unless it is crawlbench that asks for what is not there."""
    asking = (globals or {}).get("__name__", "")
    if name.partition(".")[0] in ABSENT and asking.startswith("crawlbench"):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return real_import(name, globals, locals, fromlist, level)


def refuse(*_):
    """Do as Windows' event loops do."""
    raise NotImplementedError


builtins.__import__ = lacking
sys.modules["uvloop"] = None
family = socket.AF_UNIX
socket.socketpair = lambda: real_pair(family)
for module, names in GONE.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
asyncio.SelectorEventLoop.add_signal_handler = refuse
