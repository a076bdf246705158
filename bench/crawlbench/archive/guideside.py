"""Finds links by a site file: `python -m crawlbench.archive.guideside` (floor 4).

It reads the file's name and then pages, each as a line of JSON. It prints the name of each
expression before trying it.
"""

from __future__ import annotations

import json
import os
import sys
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from crawlbench.archive.links import LinkFinder
from crawlbench.base.children import end_with_parent, open_channel, tell_error
from crawlbench.base.errors import BenchError
from crawlbench.sites.sitefile import load_site_file, make_kinds

if TYPE_CHECKING:
    from crawlbench.base.children import Say


def main() -> None:
    """Answer questions until the input ends."""
    end_with_parent()
    say = open_channel()
    try:
        _answer(say)
    except BenchError as error:
        tell_error(say, str(error), type(error))
    os._exit(0)


def _answer(say: Say) -> None:
    file = load_site_file(Path(json.loads(sys.stdin.readline())["site"]))
    finder = LinkFinder(make_kinds(file), file.addresses, lambda name: say({"tries": name}))
    say({"rules": msgspec.to_builtins(file.addresses)})
    for line in sys.stdin:
        page = json.loads(line)
        links = finder.find(page["url"], b64decode(page["body"]), page["encoding"])
        say({"links": links})


if __name__ == "__main__":
    main()
