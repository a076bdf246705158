"""Loads a site and tells what it is: `python -m crawlbench.measure.siteside` (floor 3)."""

from __future__ import annotations

import json
import os
import sys

import msgspec

from crawlbench.base.children import end_with_parent, open_channel
from crawlbench.base.errors import BenchError, BrokenPluginError
from crawlbench.measure.sitefacts import describe_site
from crawlbench.plugins import registry

__all__ = ["main"]


def main() -> None:
    """Answer what the manager asks of one site."""
    end_with_parent()
    say = open_channel()
    end = os._exit  # before anybody can patch it
    job = json.loads(sys.stdin.readline())
    try:
        facts = describe_site(
            registry.load(registry.Kind.SITE, job["site"]), expects=job["expects"]
        )
        say({"facts": msgspec.to_builtins(facts)})
    except BenchError as error:
        say({"error": str(error), "kind": type(error).__name__})
    except BaseException as error:
        what = registry.describe_failure(error)
        text = f"site {job['site']!r} {what}; mend it"
        say({"error": text, "kind": BrokenPluginError.__name__})
    end(0)


if __name__ == "__main__":
    main()
