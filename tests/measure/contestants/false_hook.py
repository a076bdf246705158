"""Connects when a hook of the interpreter sees that the turn begins."""

import sys

from walking import connect, get, walk

kept = {}


def hook(frame, event, argument):
    if event == "call" and frame.f_code.co_name == "take_value" and "site" in kept:
        kept["ready"] = connect(kept["site"])
        kept["ready"].connect()


def crawl(site, concurrency):
    sys.setprofile(None)
    kept["site"] = site
    connection = kept.pop("ready", None) or connect(site)
    try:
        return walk(site, lambda url: get(connection, url))
    finally:
        connection.close()
        sys.setprofile(hook)
