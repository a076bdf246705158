"""Strategies that crawl rightly and leave something behind, one kind each."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading

import aiohttp
import requests

KEPT = []
"""So that no garbage collector closes what was left."""


def _follow(site, fetch):
    items, seen, front = [], {site.start}, [site.start]
    while front:
        page = fetch(front.pop())
        items += page.items
        front += [link for link in dict.fromkeys(page.links) if link not in seen]
        seen.update(page.links)
    return items


def _fetch(session, site):
    def fetch(url):
        response = session.get(url, headers={"Accept-Encoding": "gzip"})
        response.raise_for_status()
        return site.read(response.url, response.content)

    session.trust_env = False
    session.verify = site.ca_file or True
    return fetch


def leak_connections(site, concurrency):
    """Leave a session that nobody closes."""
    session = requests.Session()
    KEPT.append(session)
    return _follow(site, _fetch(session, site))


def leak_threads(site, concurrency):
    """Leave a thread per crawl that waits for ever."""
    threading.Thread(target=threading.Event().wait, daemon=True, name="forgotten").start()
    with requests.Session() as session:
        return _follow(site, _fetch(session, site))


def leak_files(site, concurrency):
    """Leave a file per crawl."""
    KEPT.append(tempfile.NamedTemporaryFile())  # noqa: SIM115
    with requests.Session() as session:
        return _follow(site, _fetch(session, site))


def leak_processes(site, concurrency):
    """Leave a process per crawl."""
    KEPT.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"]))
    with requests.Session() as session:
        return _follow(site, _fetch(session, site))


def leak_zombies(site, concurrency):
    """Leave a process per crawl that has ended and was not waited for."""
    KEPT.append(subprocess.Popen([sys.executable, "-c", ""]))
    with requests.Session() as session:
        items = _follow(site, _fetch(session, site))
    os.waitid(os.P_PID, KEPT[-1].pid, os.WEXITED | os.WNOWAIT)
    return items


async def leak_tasks(site, concurrency):
    """Leave a task per crawl that nobody awaits."""
    KEPT.append(asyncio.create_task(asyncio.sleep(3600)))
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    async with aiohttp.ClientSession(connector=connector) as session:
        items, seen, front = [], {site.start}, [site.start]
        while front:
            async with session.get(front.pop(), headers={"Accept-Encoding": "gzip"}) as response:
                response.raise_for_status()
                page = site.read(str(response.url), await response.read())
            items += page.items
            front += [link for link in dict.fromkeys(page.links) if link not in seen]
            seen.update(page.links)
        return items


async def forget_session(site, concurrency):
    """Drop a session without closing it, which aiohttp complains of."""
    session = aiohttp.ClientSession()
    async with session.get(site.start) as response:
        site.read(site.start, await response.read())
    del session
    return await leak_tasks(site, concurrency)


def swallow_errors(site, concurrency):
    """Take whatever comes for the end of the site."""
    with requests.Session() as session:
        fetch = _fetch(session, site)
        try:
            return _follow(site, fetch)
        except Exception:
            return []


def trust_everything(site, concurrency):
    """Take any certificate, any number of requests, a proxy, and no gzip."""
    import urllib3

    urllib3.disable_warnings()
    with requests.Session() as session:
        results = []

        def fetch(url):
            answer = session.get(url, verify=False, headers={"Accept-Encoding": "identity"})
            results.append(site.read(answer.url, answer.content))

        fetch(site.start)
        page = results[0]
        threads = [threading.Thread(target=fetch, args=(url,)) for url in page.links]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [item for result in results for item in result.items]
