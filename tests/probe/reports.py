"""A report with fixed words, for the renderers' tests."""

from __future__ import annotations

from dataclasses import replace

from crawlbench.probe import Finding, LoopFacts, Report, Support

PYTHON = "CPython 3.13.1"


def early():
    """Return the same report, had it been ended before two of its findings came."""
    gone = {("asyncio", "gather"), ("odd<b>", "eager")}
    left = tuple(one for one in report().findings if (one.loop, one.probe) not in gone)
    return replace(report(), findings=left, missing=len(gone))


def finding(loop, probe, support=Support.WORKS, reason="", theme="callbacks"):
    return Finding(loop, theme, probe, f"What {probe} tries", support, reason, 0.25)


def report():
    """Return two loops, one absent loop, three probes in two themes."""
    return Report(
        date="2026-11-24T12:00:00+00:00",
        python=PYTHON,
        platform="Linux-6.1",
        deadline_s=5.0,
        loops=(
            LoopFacts("asyncio", "asyncio:SelectorEventLoop", "asyncio.Loop", PYTHON, ""),
            LoopFacts("odd<b>", "odd:new", "odd.Loop", "0.1", ""),
            LoopFacts("gone", "gone:new", "", "", "it is not installed"),
        ),
        findings=(
            finding("asyncio", "call-soon"),
            finding("asyncio", "gather"),
            finding("asyncio", "eager", Support.NOT_HERE, "Python 3.12 has it first", "tasks"),
            finding("odd<b>", "call-soon", Support.WRONG, "callbacks run: 90 instead of 100 & so"),
            finding("odd<b>", "gather", Support.HANGS, "no end within 5 s"),
            finding("odd<b>", "eager", Support.NOT_HERE, "Python 3.12 has it first", "tasks"),
        ),
    )
