"""The pytest plug-in: mirrors and "not slower" as fixtures (floor 5).

Where crawlbench is installed, every run of pytest imports this module. So it imports nothing else
of crawlbench until it is used.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Unpack

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from os import PathLike

    from crawlbench.library.options import Options
    from crawlbench.library.session import Session
    from crawlbench.mirror.handle import MirrorAddress

MARKER = "crawlbench"
REASON = "this test measures: run it with --crawlbench or -m crawlbench"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs measuring tests."""
    group = parser.getgroup("crawlbench")
    group.addoption("--crawlbench", action="store_true", help="Run tests that measure.")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", f"{MARKER}: measures times with crawlbench; only runs on request"
    )


# First, because pytest's own hook deselects by -m, and must see the marker.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests that measure, and skip them unless they were asked for."""
    # `-m 'not crawlbench'` has the name too, but then pytest itself deselects these tests.
    selected = re.findall(r"\w+", config.getoption("markexpr", "") or "")
    is_asked = config.getoption("--crawlbench") or MARKER in selected
    for item in items:
        if "crawlbench_ab" in getattr(item, "fixturenames", ()):  # not all items are functions
            item.add_marker(MARKER)
        if not is_asked and item.get_closest_marker(MARKER):
            item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.fixture
def crawlbench_mirror() -> Iterator[Callable[..., MirrorAddress]]:
    """Open mirrors that serve until the test ends: `crawlbench_mirror(site, network, seed=1)`.

    Each test has its own, so that a network's random draws do not depend on the order of tests.
    """
    with ExitStack() as stack:

        def open_one(
            site: str | PathLike[str] = "douban-top250",
            network: str | PathLike[str] = "loopback",
            *,
            seed: int = 1,
        ) -> MirrorAddress:
            return _open(stack, site, network, seed)

        yield open_one


@pytest.fixture
def crawlbench_mirror_async() -> Iterator[Callable[..., Awaitable[MirrorAddress]]]:
    """Open mirrors as `crawlbench_mirror` does, but for `async` tests: the result is awaited.

    This does not block the event loop. The fixture itself is not asynchronous, so that every
    plug-in that runs `async` tests can use it.
    """
    with ExitStack() as stack:

        async def open_one(
            site: str | PathLike[str] = "douban-top250",
            network: str | PathLike[str] = "loopback",
            *,
            seed: int = 1,
        ) -> MirrorAddress:
            return await asyncio.to_thread(_open, stack, site, network, seed)

        yield open_one


def _open(
    stack: ExitStack, site: str | PathLike[str], network: str | PathLike[str], seed: int
) -> MirrorAddress:
    from crawlbench.base.errors import BenchError  # noqa: PLC0415  (see above)
    from crawlbench.mirror.handle import ServedMirror  # noqa: PLC0415

    try:
        return stack.enter_context(ServedMirror(site, network, seed=seed))
    except BenchError as error:
        problem = str(error)
    # Outside of `except`, or pytest would show what was caught as well.
    pytest.fail(problem, pytrace=False)


@pytest.fixture
def crawlbench_ab(request: pytest.FixtureRequest) -> Callable[..., Session]:
    """Fail a test unless new is shown not to be slower than old: `crawlbench_ab(old, new)`."""

    def measure(
        old: str | PathLike[str],
        new: str | PathLike[str],
        *,
        gate_percent: float | None = None,
        fail_on: str | None = None,
        **options: Unpack[Options],
    ) -> Session:
        from crawlbench.base.errors import BenchError  # noqa: PLC0415  (see above)
        from crawlbench.library.measurement import ab  # noqa: PLC0415

        try:
            session = ab(
                old, new, gate_percent=gate_percent, fail_on=fail_on, progress=print, **options
            )
            found = session.hold_gate(gate_percent, fail_on=fail_on)
        except BenchError as error:
            problem = str(error)
        else:
            request.node.user_properties.append(("crawlbench", found.text))
            if found.passed:
                return session
            problem = found.text
        pytest.fail(problem, pytrace=False)

    return measure
