"""Settings of the stock loop: each is what its name says, and says where it is not available."""

from __future__ import annotations

import asyncio
import selectors
import sys

import pytest

from crawlbench.base.errors import NotInstalledError
from crawlbench.operations import load_loop_factory
from crawlbench.plugins import registry

KIND = registry.Kind.EVENT_LOOP


@pytest.mark.parametrize(
    ("name", "selector"), [("asyncio-poll", "PollSelector"), ("asyncio-select", "SelectSelector")]
)
def test_selector_is_what_the_name_says(name: str, selector: str) -> None:
    if not hasattr(selectors, selector):
        pytest.skip(f"no {selector} here")
    loop = load_loop_factory(name)()
    try:
        assert type(loop._selector).__name__ == selector  # type: ignore[attr-defined]
        assert type(loop).__module__.partition(".")[0] == registry.declared_module(name)
        assert loop.run_until_complete(asyncio.sleep(0, "done")) == "done"
    finally:
        loop.close()


def test_eager_tasks_run_at_once_or_need_a_newer_python() -> None:
    if sys.version_info < (3, 12):
        with pytest.raises(NotInstalledError, match="is the first with eager"):
            registry.load(KIND, "asyncio-eager")
        return
    ran = []

    async def main() -> None:
        async def note() -> None:
            ran.append("task")

        task = asyncio.create_task(note())
        ran.append("main")
        await task

    with asyncio.Runner(loop_factory=load_loop_factory("asyncio-eager")) as runner:
        runner.run(main())
    assert ran == ["task", "main"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has it")
def test_proactor_is_for_windows() -> None:
    with pytest.raises(NotInstalledError, match="only Windows"):
        registry.load(KIND, "asyncio-proactor")
