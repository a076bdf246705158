"""Finds the links that a recording follows according to a site file (floor 4).

The user's expressions run in a process of their own, which names each expression before it tries
it. So if one never ends, we can stop the process and say which one it was.
"""

from __future__ import annotations

import time
from base64 import b64encode
from typing import TYPE_CHECKING

import msgspec

from crawlbench.archive.links import LinkFinder
from crawlbench.base.children import ChildEnded, PlainChild, raise_told
from crawlbench.base.errors import BrokenPluginError
from crawlbench.plugins.scouts import LOAD_S, slowness
from crawlbench.sites.addresses import AddressRules

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.base.children import Message

CHILD = "crawlbench.archive.guideside"


class Guide(LinkFinder):
    """Finds links by a site file; must be closed."""

    def __init__(self, site: Path) -> None:
        """Load a site file.

        Raises:
            UsageError: it cannot be used.
        """
        self._site = str(site)
        self._child = PlainChild(CHILD)
        try:
            told = self._ask({"site": self._site}, LOAD_S, "the file")
        except BaseException:
            self.close()
            raise
        # Rules only compare texts, so they can be applied here.
        super().__init__(rules=msgspec.convert(told["rules"], AddressRules))

    def close(self) -> None:
        """End the process."""
        self._child.end()

    def find(self, url: str, body: bytes, encoding: str) -> tuple[str, ...]:
        """See `LinkFinder.find`.

        Raises:
            BrokenPluginError: an expression of the site file does not end.
        """
        question: dict[str, object] = {
            "url": url,
            "body": b64encode(body).decode(),
            "encoding": encoding,
        }
        return tuple(self._ask(question, slowness.READ_S, self.spell(url))["links"])

    def _ask(self, question: dict[str, object], span_s: float, page: str) -> Message:
        """Return the process's answer, skipping the names of expressions that it tries before."""
        tries, deadline = "", time.monotonic() + span_s
        self._child.say(question)
        try:
            while "tries" in (told := self._child.hear(max(0.0, deadline - time.monotonic()))):
                tries = told["tries"]
        except TimeoutError:
            raise slowness.too_slow(self._site, page, tries) from None
        except ChildEnded as end:
            text = f"site {self._site!r} ends the process that reads {page}: {end}; fix it"
            raise BrokenPluginError(text) from end
        raise_told(told, BrokenPluginError)
        return told
