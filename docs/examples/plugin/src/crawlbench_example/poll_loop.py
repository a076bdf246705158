"""asyncio's own event loop on `poll` in place of `epoll`.

An entry point names the callable that makes the loop. crawlbench holds the loop that really runs
against the package that the entry point names, hence the class of our own.
"""

import asyncio
import selectors


class PollEventLoop(asyncio.SelectorEventLoop):
    """A class of our own, so that it can be told from asyncio's."""

    def __init__(self):
        """Watch file descriptors with `poll`."""
        super().__init__(selectors.PollSelector())


new_event_loop = PollEventLoop
