"""Short forms of the commands that documents show: what is added, and what must then be seen.

A command is run as its document has it, with words behind it that make it short, or with some of
its own words replaced: a smaller site, an address on loopback. What its comment speaks of stays.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from crawlbench.plugins import registry
from tests import grounds


@dataclass(frozen=True, slots=True)
class Form:
    """How one command is run in a test."""

    says: object
    """A pattern that its output has, or a function of the output and the folder that is true."""
    added: str = ""
    """Words that come behind those of the document."""
    replaced: dict[str, str] = field(default_factory=dict)
    """Words of the document, and what stands in their place."""
    never: str = ""
    """A pattern that its output must not have: what was not asked for was not measured."""
    needs: object = grounds.nothing
    """What makes that which the command names; the words that it yields are replaced as well."""
    stays: bool = False
    """Whether it runs until it is stopped."""
    is_long: bool = False


def load_runs(output):
    return [run["load"] for run in json.loads(output)["runs"]]


def is_closed(output, folder):
    (run,) = load_runs(output)
    return (run["arrival"], run["connections"]) == ("closed", 10)


def is_even(output, folder):
    (run,) = load_runs(output)
    return (run["arrival"], run["rate_per_s"]) == ("constant", 500)


def is_both(output, folder):
    kept = json.loads((folder / "out" / "load.json").read_text(encoding="utf-8"))
    return [run["load"]["arrival"] for run in kept["runs"]] == ["closed", "constant"]


def is_random_on_a_network(output, folder):
    (run,) = load_runs(output)
    return run["arrival"] == "poisson" and "wan" in json.dumps(json.loads(output)["target"])


def is_shared_by_four(output, folder):
    (run,) = load_runs(output)
    return run["generators"] == 4


def lists_operations(output, folder):
    lines = output.splitlines()
    return len(lines) > 100 and all(line.count("\t") == 2 for line in lines)


def names_each_loop_that_is_installed(output, folder):
    usable = [loop for loop in registry.names(registry.Kind.EVENT_LOOP) if "*" not in loop]
    measured = set(re.findall(r'"futures/([\w-]+)', output))
    return {"asyncio", "uvloop"} <= measured <= set(usable)


def wrote(name, pattern):
    """Return a check of a file that the command writes."""
    return lambda output, folder: re.search(pattern, (folder / name).read_text(encoding="utf-8"))


SMALL = "--rounds 1 --laps 1 --json"
BRIEFLY = "-d 0.3 --json"
NEAR = f"-n loopback {SMALL}"
STOCK = f"--operation call-soon -l uvloop {SMALL}"
LITTLE = {"douban-x1000": "douban-x600"}
BUILT = {"fixtures/douban": "built"}

FORMS = {
    # README
    "crawlbench run -n wan -c 100 --site douban-x1000 -s aiohttp-* -s requests-threads "
    "--baseline requests-threads": Form(
        r'"aiohttp-gather/asyncio/lxml/c100/wan/douban-x600"',
        f"-l asyncio {SMALL}",
        {**LITTLE, "aiohttp-*": "aiohttp-gather"},
        never="requests-serial|loopback/",
        is_long=True,
    ),
    "crawlbench run quick -s requests-* --laps 4": Form(
        r'"requests-threads/-/lxml/c10/loopback/douban-top250"',
        "-n loopback --rounds 1 --json",
        {"requests-*": "requests-thread*"},
        never='"aiohttp-',
        is_long=True,
    ),
    "crawlbench run --baseline aiohttp-gather/asyncio --rounds 30 --budget 600": Form(
        r'"baseline": "aiohttp-gather/asyncio|"aiohttp-gather/asyncio/lxml/c10/loopback',
        f"{NEAR} -s aiohttp-gather",
        never="requests-serial",
        is_long=True,
    ),
    "crawlbench report results/default": Form("On loopback, per page, "),
    "crawlbench crawl -s aiohttp-gather -l uvloop": Form(r"(?m)^250 .+$"),
    "crawlbench list strategies": Form(r"(?m)^aiohttp-gather\t"),
    "crawlbench check ./mine.py": Form("keeps|good", is_long=True),
    "crawlbench sweep concurrency 4 16 64 128 --site index --parser none -s aiohttp-gather "
    "-s requests-threads": Form(
        r"(?s)pages/s by concurrency; knee:.*\n[^\n]*\b8 +16 +64 +128 +knee",
        "-l asyncio --rounds 1 --laps 1",
        {"4": "8"},
        never="requests-serial",
        is_long=True,
    ),
    "crawlbench report results/default --format html -o report.html": Form(
        wrote("report.html", "<title>crawlbench: default"), is_long=True
    ),
    "crawlbench run --resume results/MY-SESSION --rounds 20 --budget 600": Form(
        r'"rounds": 2\b|"number": 1\b|2 of 2 rounds',
        "--json",
        {"20": "2"},
        needs=grounds.begun,
        is_long=True,
    ),
    "crawlbench compare results/base results/head --fail-on slower:5%": Form(
        r"(?m)^(\d+ +)?aiohttp-gather/uvloop"
    ),
    "crawlbench ab uvloop==0.21.0 uvloop==0.23.0": Form(
        r"uvloop.*0\.21\.0.*0\.23\.0|0\.23\.0.*0\.21\.0",
        STOCK,
        is_long=True,
    ),
    "crawlbench doctor": Form(r"(?s)CPUs.*governor"),
    "crawlbench aa --sessions 20": Form(
        r"2 sessions", "--rounds 2 --laps 1", {"20": "2"}, is_long=True
    ),
    "python -m pyperf show results/default/suite.json": Form(r"Mean \+- std dev: "),
    # CONTRIBUTING.md
    "crawlbench crawl -s my-strategy": Form(
        r"(?m)^250 ", replaced={"my-strategy": "aiohttp-queue"}
    ),
    "crawlbench run quick -s requests-serial -s my-strategy": Form(
        r'"aiohttp-queue/asyncio/lxml/c10/loopback',
        f"{NEAR} -l asyncio",
        {"my-strategy": "aiohttp-queue"},
        never='"aiohttp-gather',
        is_long=True,
    ),
    # docs/ci.md
    "python3 -I ci/compare": Form("head against base", needs=grounds.pipeline, is_long=True),
    "crawlbench ab ./base ./head --fail-on slower --extend": Form(
        "head",
        f"--operation call-soon -l planted:Loop {SMALL}",
        needs=grounds.planted,
        is_long=True,
    ),
    # docs/library.md
    "pytest --crawlbench": Form(
        r"(?s)test_crawler\.py::.*test_pull_request\.py::.*\b2 tests collected",
        "--collect-only -q",
        needs=grounds.crawlers,
    ),
    "pytest -m crawlbench": Form(
        r"test_pull_request\.py::.*\n\n1/2 tests collected",
        "--collect-only -q",
        needs=grounds.crawlers,
        never=r"test_crawler\.py::",
    ),
    # docs/load.md
    "crawlbench load -c 10": Form(is_closed, BRIEFLY),
    "crawlbench load --rate 500": Form(is_even, BRIEFLY),
    "crawlbench load -c 10 --rate 500 -o out": Form(is_both, "-d 0.3", is_long=True),
    "crawlbench load --rate 500 --arrival poisson -n wan": Form(
        is_random_on_a_network, BRIEFLY, is_long=True
    ),
    "crawlbench load --find p99=50ms": Form(r"p99.*50", "--rate 100 --step 0.3", is_long=True),
    "crawlbench load --rate 500 -g 4": Form(is_shared_by_four, BRIEFLY, is_long=True),
    "crawlbench load --rate 500 --cluster tcp://10.0.0.1:8786 --url http://10.0.0.2:8000/ "
    "--i-own-this 10.0.0.2": Form(
        r'"server_requests"|"answered": [1-9]',
        BRIEFLY,
        needs=grounds.cluster_and_server,
        is_long=True,
    ),
    "dask scheduler --host 127.0.0.1": Form(
        "Scheduler at: ", "--port 0 --no-dashboard", stays=True, is_long=True
    ),
    "dask worker tcp://127.0.0.1:8786 --nthreads 1 --resources crawlbench=1": Form(
        "Registered to: ", "--no-dashboard", needs=grounds.scheduler, stays=True, is_long=True
    ),
    # docs/loops.md
    "crawlbench run loops": Form(
        '(?s)"futures/asyncio.*"futures/uvloop', f"--operation futures {SMALL}", is_long=True
    ),
    "crawlbench run loops -l *": Form(
        names_each_loop_that_is_installed, f"--operation futures {SMALL}", is_long=True
    ),
    "crawlbench run loops --operation tcp-* -l asyncio -l uvloop": Form(
        '(?s)"tcp-protocol-1k/asyncio.*"tcp-protocol-1k/uvloop',
        SMALL,
        {"tcp-*": "tcp-protocol-1k"},
        never='"udp-|"gather',
        is_long=True,
    ),
    "crawlbench list operations": Form(lists_operations),
    "crawlbench probe": Form(
        r"(?s)asyncio.*uvloop.*call-soon +works",
        "-l asyncio -l uvloop -p call-soon -p tls-server",
        is_long=True,
    ),
    # docs/scale.md
    "crawlbench run quick --cluster local:2": Form(
        r"machines|independent", "-n loopback -s requests-threads --rounds 1 --laps 1", is_long=True
    ),
    "dask scheduler": Form("Scheduler at: ", "--port 0 --no-dashboard", stays=True, is_long=True),
    "dask worker tcp://HOST:8786 --nthreads 1 --resources crawlbench=1 --name NAME": Form(
        "Registered to: ", "--no-dashboard", needs=grounds.scheduler, stays=True, is_long=True
    ),
    "crawlbench run default --cluster tcp://HOST:8786": Form(
        r"all blocks are finished",
        "-n loopback -s requests-threads --rounds 1 --laps 1",
        needs=grounds.cluster,
        is_long=True,
    ),
    # docs/submit.md
    "crawlbench run quick --rounds 8 --budget 300 -o results/mine": Form(
        wrote("results/made/session.json", "requests-threads"),
        "-n loopback -s requests-threads --laps 1",
        {"8": "1", "results/mine": "results/made"},
        is_long=True,
    ),
    "crawlbench submit results/mine -o mine.bundle.gz": Form(
        r"mine\.bundle\.gz", "--force", needs=grounds.finished
    ),
    "crawlbench verify-bundle mine.bundle.gz": Form(
        r"good, \d+ cells in \d+ rounds", needs=grounds.bundle
    ),
    # docs/suites.md
    "crawlbench run ./my_suite.toml": Form(
        r'"requests-threads/-/lxml/c10/loopback/',
        f"{NEAR} -s requests-serial -s requests-threads",
        never='"aiohttp-',
        is_long=True,
    ),
    "crawlbench run ./my_suite.toml --site douban-x1000 -c 100 --budget 300": Form(
        "c100/loopback/douban-x600",
        f"{NEAR} -s requests-threads --baseline requests-threads",
        LITTLE,
        is_long=True,
    ),
    # docs/unclear.md
    "crawlbench run --resume results/MY-SESSION --rounds 40 --budget 900": Form(
        "requests-threads", "--json", {"40": "3"}, needs=grounds.begun, is_long=True
    ),
    # docs/versions.md
    "crawlbench ab ./base ./head": Form(
        "head",
        f"--operation call-soon -l planted:Loop {SMALL}",
        needs=grounds.planted,
        is_long=True,
    ),
    "crawlbench ab --python 3.11 3.13": Form(
        r"Python 3\.\d+",
        f"--operation call-soon -l asyncio {SMALL}",
        needs=grounds.two_pythons,
        is_long=True,
    ),
    "crawlbench ab aiohttp==3.11.0 aiohttp -s aiohttp-taskgroup -n wan --with yarl==1.20.0": Form(
        r"3\.11\.0", SMALL, is_long=True
    ),
    "crawlbench ab uvloop==0.21.0 uvloop --operation tcp-* -l uvloop": Form(
        r"tcp-protocol-1k",
        SMALL,
        {"tcp-*": "tcp-protocol-1k"},
        is_long=True,
    ),
    "crawlbench ab --bisect uvloop==0.19.0 uvloop==0.20.0 uvloop==0.21.0 uvloop==0.22.1": Form(
        r"0\.19\.0", STOCK, is_long=True
    ),
    "crawlbench run --env old=uvloop==0.21.0 aiohttp==3.11.0 --env new= "
    "--env py313=python=3.13": Form(
        r"(?s)@old.*@new.*@py313",
        f"{NEAR} -s aiohttp-gather -l uvloop",
        needs=grounds.two_pythons,
        is_long=True,
    ),
    "crawlbench run --env ./environments.toml": Form(
        r"@old", f"{NEAR} -s aiohttp-gather -l uvloop", needs=grounds.environments, is_long=True
    ),
    "crawlbench env list": Form(r"(?m)^abc .*uvloop==0\.21\.0", needs=grounds.kept),
    "crawlbench env remove --all": Form(r"\[\s*\"abc\"\s*\]", "--json", needs=grounds.kept),
    # docs/your-site.md
    "crawlbench mirror record https://docs.example.org/ -o pages --pages 50 --yes": Form(
        r"\b2 pages", "--delay 0", {"pages": "recorded"}, needs=grounds.owned_site
    ),
    "crawlbench run --site ./site.toml": Form(
        r"c10/loopback/docs\.toml", f"{NEAR} -s requests-serial", needs=grounds.site, is_long=True
    ),
    "crawlbench mirror serve --site ./site.toml": Form(
        r"http://127\.0\.0\.1:\d+/", needs=grounds.site, stays=True
    ),
    # docs/your-strategy.md
    "crawlbench check ./my_strategy.py": Form("keeps|good", is_long=True),
    "crawlbench crawl -s ./my_strategy.py": Form(r"(?m)^250 .+$"),
    "crawlbench run quick -s requests-serial -s ./my_strategy.py": Form(
        r'"\./my_strategy\.py/asyncio/lxml/c10/loopback/', NEAR, never='"aiohttp-', is_long=True
    ),
    # docs/cli.md
    "crawlbench run quick -n wan -s aiohttp-gather -s requests-threads": Form(
        '(?s)"aiohttp-gather/asyncio/lxml/c10/wan.*"requests-threads/-/lxml/c10/wan',
        SMALL,
        never="requests-serial|loopback/",
        is_long=True,
    ),
    "crawlbench sweep concurrency 4 16 64 --site index --parser none": Form(
        r"(?s)pages/s by concurrency; knee:.*\n[^\n]*\b8 +16 +64 +knee",
        "-l asyncio -s aiohttp-gather --rounds 1 --laps 1",
        {"4": "8"},
        is_long=True,
    ),
    "crawlbench report results/mine --format html -o mine.html": Form(
        wrote("mine.html", "<title>crawlbench: "), "--force", needs=grounds.finished, is_long=True
    ),
    "crawlbench ab uvloop==0.21.0 uvloop --fail-on slower:5%": Form(
        r"0\.21\.0", STOCK, is_long=True
    ),
    "crawlbench compare results/before results/after --fail-on slower:5%": Form(
        r"(?m)^(\d+ +)?aiohttp-gather/uvloop",
        replaced={"results/before": "results/base", "results/after": "results/head"},
    ),
    "crawlbench history results -o history.html": Form(
        wrote("history.html", "<title>crawlbench"), "--force", is_long=True
    ),
    "crawlbench plan results/mine --detect 2%": Form(
        r"\b2 %", replaced={"results/mine": "results/default"}
    ),
    "crawlbench aa --sessions 20 --no-save": Form(
        r"2 sessions|\b2\b.*laps", "--rounds 2 --laps 1", {"20": "2"}, is_long=True
    ),
    "crawlbench load --rate 500 -d 30": Form(is_even, "--json", {"30": "0.3"}, is_long=True),
    "crawlbench check my_crawler.py": Form(
        "keeps|good", replaced={"my_crawler.py": "mine.py"}, is_long=True
    ),
    "crawlbench probe -l uvloop -p tls*": Form(
        "tls-server +works", replaced={"tls*": "tls-server"}, never="asyncio", is_long=True
    ),
    "crawlbench submit results/mine -o results/matrix/theirs": Form(
        r"results/matrix/theirs/\S+\.bundle\.gz", "--force", needs=grounds.matrix
    ),
    "crawlbench verify-bundle results/matrix/theirs/mine.bundle.gz": Form(
        r"good, \d+ cells",
        replaced={"results/matrix/theirs/mine.bundle.gz": "mine.bundle.gz"},
        needs=grounds.bundle,
        is_long=True,
    ),
    "crawlbench mirror build fixtures/douban": Form(r"(?m)^built/\S+\.html$", replaced=BUILT),
    "crawlbench mirror serve -n wan --port 8000": Form(
        r"http://127\.0\.0\.1:\d+/", replaced={"8000": "0"}, stays=True
    ),
    "crawlbench mirror bench -c 1 -c 100": Form(
        r"(?s)\b1\b.*\b20\b", replaced={"100": "20"}, is_long=True
    ),
    "crawlbench mirror import shop.warc.gz -o shop": Form(
        r"1 page of .* in shop, starting at http://shop\.example/", "--force", needs=grounds.archive
    ),
    "crawlbench mirror record URL -o shop --pages 20": Form(
        r"\b4 pages of ", "--yes --delay 0 --force", {"shop": "recorded"}, needs=grounds.owned_site
    ),
    "crawlbench mirror verify ./site.toml": Form("items? on", needs=grounds.site),
}
"""By command, in the documents' order."""

EXCEPTIONS = {
    "pip install -e .[cluster]": "installs; tests/installed.py tries what is built, and "
    "tests/test_extras.py that each extra is one",
    **dict.fromkeys(
        (
            *("dask scheduler --protocol tls", "dask worker tls://HOST:8786"),
            *(
                "export DASK_DISTRIBUTED__COMM__",
                "crawlbench run default --cluster tls://HOST:8786",
            ),
        ),
        "needs certificates; tests/cluster/test_cluster.py makes some",
    ),
    "make setup": "needs an index; every run of .ci/run begins with it",
    "make lock": "needs an index, and moves the pins",
    "make format": "would change the checkout; `make check` runs the same tools",
    "make check": "takes a minute; .ci/run runs it",
    "make installed": "builds a wheel and tries it for a minute; .ci/run runs it",
    "make test": "these tests are what it runs",
    "make timelines": "measures pictures anew; tests/test_asyncio_examples.py runs the programs",
}
"""Beginnings of commands that no test runs, and why."""
