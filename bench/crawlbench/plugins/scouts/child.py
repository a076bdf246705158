"""Imports plug-ins and says what they are: `python -m crawlbench.plugins.scouts.child` (floor 1).

It reads one line of JSON, a list of kinds and names, and answers with a line for each.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

from crawlbench.base.children import end_with_parent, open_channel
from crawlbench.plugins import registry
from crawlbench.plugins.scouts.facts import describe_plugin


def main() -> None:
    """Describe what is asked for, one after the other."""
    end_with_parent()
    say = open_channel()
    end = os._exit  # bound before anybody can patch it
    for kind, name in json.loads(sys.stdin.readline())["asked"]:
        say(asdict(describe_plugin(registry.Kind[kind], name)))
    end(0)  # we do not wait for threads that a plug-in left behind


if __name__ == "__main__":
    main()
