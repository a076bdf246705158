"""An event loop whose speed is that of a package, so that versions of it can be held apart.

Operations need no mirror, so that a verdict is certain also where a test shares its CPUs.
"""

from __future__ import annotations

from tests.environments.projects import write_project

LOOP = """
import asyncio
import os
import time

BUSY_S = {busy_s} if __debug__ else float(os.environ["PLANTED_BUSY_S"])


class Loop(asyncio.SelectorEventLoop):
    def call_soon(self, *arguments, **options):
        end = time.perf_counter() + BUSY_S
        while time.perf_counter() < end:
            pass
        return super().call_soon(*arguments, **options)
"""
OPERATION = ("--operation", "call-soon", "-l", "planted:Loop")
QUICK, SLOW = 3e-6, 40e-6
"""Seconds in each call: ten times apart, and long enough that a busy machine changes little."""


def plant(folder, **busy_s):
    """Write a project for each version, with a loop that is busy so long in each call."""
    for name, seconds in busy_s.items():
        write_project(folder / name, code=LOOP.format(busy_s=seconds))
