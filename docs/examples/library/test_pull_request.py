"""My pull request is not slower."""

from collections.abc import Callable

import crawlbench


def test_pull_request_is_not_slower(crawlbench_ab: Callable[..., crawlbench.Session]) -> None:
    """My crawl takes at most a tenth longer than that of the main branch."""
    crawlbench_ab("./crawl_main.py", "./crawl.py", gate_percent=10)
