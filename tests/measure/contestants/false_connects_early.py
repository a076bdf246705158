"""Opens its connection when the harness collects garbage, before the clock."""

import gc

from walking import connect, get, walk

kept = {}


def prepare(phase, info):
    if phase == "stop" and info["generation"] == 2 and "site" in kept and "ready" not in kept:
        kept["ready"] = connect(kept["site"])
        kept["ready"].connect()


gc.callbacks.append(prepare)


def crawl(site, concurrency):
    kept["site"] = site
    connection = kept.pop("ready", None) or connect(site)
    try:
        return walk(site, lambda url: get(connection, url))
    finally:
        connection.close()
