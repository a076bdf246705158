"""Files as users write them: one honest crawl, and what people put around it."""

from __future__ import annotations

HONEST = """
import aiohttp, asyncio
async def _crawl(site, concurrency):
    items, seen = [], {site.start}
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls or True)
    headers = {"Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        async def visit(url):
            async with session.get(url) as response:
                response.raise_for_status()
                page = site.read(str(response.url), await response.read())
            items.extend(page.items)
            new = [link for link in dict.fromkeys(page.links) if link not in seen]
            seen.update(new)
            await asyncio.gather(*map(visit, new))
        await visit(site.start)
    return items
"""
CRAWL = "async def crawl(site, concurrency):\n    return await _crawl(site, concurrency)\n"

HARMLESS = {
    "plain": HONEST + CRAWL,
    "instance": HONEST
    + "class Crawler:\n    async def __call__(self, site, concurrency):\n"
    + "        return await _crawl(site, concurrency)\ncrawl = Crawler()\n",
    "decorated": HONEST
    + "import functools\ndef logged(f):\n    @functools.wraps(f)\n"
    + "    def wrapper(*a, **k):\n        return f(*a, **k)\n    return wrapper\n@logged\n"
    + CRAWL,
    "partial": HONEST + "import functools\ncrawl = functools.partial(_crawl)\n",
    "chdir": HONEST + CRAWL + "import os; os.chdir('/')\n",
    "argparse": HONEST + CRAWL + "import argparse\nargparse.ArgumentParser().parse_args()\n",
    "prints": "print('hello'); import os; os.write(1, b'from C\\n')\n" + HONEST + CRAWL,
    "handlers": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + HONEST + CRAWL,
    "paths": HONEST + CRAWL + "import sys; sys.path.insert(0, '/no/such/folder')\n",
    "sibling": "from beside import HEADERS\nfrom pack.inner import NAME\n" + HONEST + CRAWL,
}
"""Each crawls rightly, and does nothing to the manager."""

ENDING = {
    "exits": ("import sys\nsys.exit(0)\n", "ends itself when it is imported (SystemExit: 0)"),
    "raises": ("raise SystemExit\n", "ends itself when it is imported"),
    "interrupts": ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
    "dies": ("import os\nos._exit(0)\n", "ends the process that imports it"),
    "aborts": ("import os\nos.abort()\n", "ended by SIGABRT"),
    "usage": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('x')\np.parse_args()\n",
        "SystemExit: 2",
    ),
    "absent": ("import helper_of_nobody\n", "neither installed here nor beside the file"),
    "narrow": ("def crawl(site):\n    return []\n", "takes (site), but is called with"),
    "nothing": ("crawl = 7\n", "is 7, not a function to call"),
}
"""Each is refused in one sentence that has these words."""


def write_users(folder):
    """Write all of them, and what stands beside them."""
    for name, text in HARMLESS.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    for name, (text, _) in ENDING.items():
        (folder / f"{name}.py").write_text(text + "\n", encoding="utf-8")
    (folder / "beside.py").write_text('HEADERS = {"Accept-Encoding": "gzip"}\n', encoding="utf-8")
    (folder / "pack").mkdir()
    (folder / "pack" / "inner.py").write_text("NAME = 'inner'\n", encoding="utf-8")
    return folder
