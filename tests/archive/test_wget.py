"""The Top 250 as `wget --mirror` saves it by many options is the Top 250."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import ExitStack, contextmanager

import pytest

from crawlbench.archive.importing import import_pages
from crawlbench.cli.verify import verify
from crawlbench.plugins import registry
from crawlbench.sites import douban
from crawlbench.sites.movies import load_movies
from tests.conftest import command_line

WINDOWS, CUT = "--restrict-file-names=windows", "cut"
OPTION_SETS = {
    "unix": ("/top250", "--restrict-file-names=unix"),
    "windows": ("/top250", WINDOWS),
    "extensions": ("/top250", "-E"),
    "converted": ("/top250", "-k"),
    "originals": ("/top250", "-k", "-K"),
    "compressed": ("/top250", "--compression=auto"),
    "cut": ("/top250", CUT),
    "start": ("/top250?start=0", "--restrict-file-names=nocontrol"),
    "all": ("/top250?start=0&filter=", "-E", "-k", "-K", WINDOWS, "--compression=gzip"),
    "all-cut": ("/top250?start=0", "-E", "-k", WINDOWS, CUT),
}
CROSSED = "all"
"""The option set that every strategy crawls, by three parsers; others have three strategies."""

PARSERS = ("lxml", "lexbor", "none")
STRATEGIES = ("aiohttp-gather", "requests-threads", "scrapy-spider")
KEPT_PAGES = 7
SITE_FILE = """
name = "top250"
start = "{start}"
pages = "pages"

[addresses]
default_parameters = {defaults}

[[kinds]]
pattern = '/top250(\\?.*)?'
items = "ol.grid_view > li"
links = "div.paginator > a"

[[kinds.fields]]
name = "rank"
selector = "em"

[[kinds.fields]]
name = "title"
selector = "span.title"

[[kinds.fields]]
name = "rating"
selector = "span.rating_num"
convert = "float"
"""


@contextmanager
def serve():
    """Serve the list as a user would; give the address of the server."""
    if not shutil.which("wget"):
        pytest.skip("wget is not installed, and the folders are to be as it makes them")
    call = command_line("mirror", "serve", "--quiet", stdout=subprocess.PIPE)
    with subprocess.Popen(call.pop("args"), **call) as mirror:
        try:
            yield mirror.stdout.readline().strip().removesuffix("/top250")
        finally:
            mirror.terminate()


def quota():
    """Return the bytes after which wget has seven pages and gets no other."""
    pages = douban.SITE.pages()
    addresses = ["/top250", *(f"/top250?start={25 * n}&filter=" for n in range(1, KEPT_PAGES))]
    sizes = [len(pages.read(douban.page_address(address))[1]) for address in addresses]
    return sum(sizes) - sizes[-1] // 2


def copy(origin, folder, start, *options):
    """Let wget copy the list into a folder, import it, and write a site file for it."""
    options = [f"--quota={quota()}" if option == CUT else option for option in options]
    call = ["wget", "--quiet", "--mirror", "--no-proxy", "-P", folder / "copy", *options]
    done = subprocess.run([*call, origin + start], check=False, timeout=60)
    assert done.returncode in (0, 8)  # 8: there is no robots.txt
    report = import_pages([folder / "copy"], folder / "pages", None, site_file=True, force=False)
    defaults = ["filter="] if start == "/top250" and CUT in options else ["start=0", "filter="]
    text = SITE_FILE.format(start=report.start, defaults=json.dumps(defaults))
    (folder / "top250.toml").write_text(text, encoding="utf-8")
    return folder / "top250.toml"


def ranks_of(folder):
    """Return the ranks of the movies on the pages that wget kept."""
    starts = {0}
    for path in (folder / "copy").rglob("*top250*"):
        found = re.search(r"start=(\d+)", path.name)
        starts.add(int(found[1]) if found else 0)
    return sorted(start + place for start in starts for place in range(1, 26))


def lines_of(folder):
    titles = {movie.rank: movie.title for movie in load_movies()}
    return [f"{rank} {titles[rank]}" for rank in ranks_of(folder)]


def check_verified(site_file, name):
    """Hold what verify wrote against the list itself."""
    verify(str(site_file))
    path = site_file.with_name("top250.expected.json")
    expected = json.loads(path.read_text(encoding="utf-8"))
    count = 25 * KEPT_PAGES if CUT in OPTION_SETS[name] else 250
    assert expected["items"] == len(ranks_of(site_file.parent)) == count
    assert expected["pages"] == count // 25
    movies = {movie.rank: [movie.rank, movie.title, float(movie.rating)] for movie in load_movies()}
    assert expected["rows"] == [movies[rank] for rank in ranks_of(site_file.parent)]


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Return what makes the copy of an option set, once, and verifies it."""
    made = {}
    with ExitStack() as stack:
        origins = []

        def make(name):
            if not origins:
                origins.append(stack.enter_context(serve()))
            if name not in made:
                made[name] = copy(origins[0], tmp_path_factory.mktemp(name), *OPTION_SETS[name])
                check_verified(made[name], name)
            return made[name]

        yield make


@pytest.mark.slow
def test_a_copy_by_all_options_is_the_list(copies):
    """All 250, each with its title and rating."""
    assert len(lines_of(copies(CROSSED).parent)) == 250


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("name", sorted({*OPTION_SETS} - {CROSSED}))
def test_a_copy_is_the_list(copies, crawlbench, name):
    """By each option set, and by strategies of three kinds."""
    site_file = copies(name)
    for strategy, parser in zip(STRATEGIES, PARSERS, strict=True):
        crawl(crawlbench, site_file, strategy, parser)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("strategy", list(registry.names(registry.Kind.STRATEGY)))
def test_each_strategy_brings_a_copy_back(copies, crawlbench, strategy, parser):
    """Each movie once, whatever fetches and whatever reads."""
    crawl(crawlbench, copies(CROSSED), strategy, parser)


def crawl(crawlbench, site_file, strategy, parser):
    outcome = crawlbench("crawl", "-s", strategy, "--parser", parser, "--site", site_file)
    if "not installed" in outcome.stderr:
        pytest.skip(outcome.stderr)
    assert outcome.returncode == 0, outcome.stderr
    lines = sorted(outcome.stdout.splitlines(), key=lambda line: int(line.split()[0]))
    assert lines == lines_of(site_file.parent)
