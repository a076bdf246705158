"""What is typed wrongly at the commands for sites of one's own is answered in one sentence.

Nothing is left behind, no traceback is shown, and the exit code says whose fault it is.
"""

from __future__ import annotations

import gzip
import os
import zipfile

import pytest

from crawlbench.base.user_files import MAX_BYTES
from crawlbench.cli.app import main

KIND = """
[[kinds]]
pattern = "{}"
items = "{}"
[[kinds.fields]]
name = "title"
selector = "."
"""
HEAD = 'name = "a"\nstart = "{}"\npages = "{}"\n'
ENTRY = '{{"log": {{"entries": [{{"request": {}, "response": {}}}]}}}}'
PAGE = '{"status": 200, "content": {"mimeType": "text/html", "text": "x"}}'


def site(pattern="/.*", items="p", start="http://localhost/", pages="../good", more=""):
    return HEAD.format(start, pages) + more + KIND.format(pattern, items)


FILES = {
    "empty.warc": "",
    "empty.warc.gz": "",
    "empty.har": "",
    "empty.wacz": "",
    "text.warc": "hello world\n",
    "text.har": "hello",
    "list.har": "[]",
    "no-log.har": "{}",
    "log-of-text.har": '{"log": "x"}',
    "null-entries.har": '{"log": {"entries": null}}',
    "numbers.har": '{"log": {"entries": [1, 2]}}',
    "deep.har": '{"log":' * 100_000,
    "cut.har": '{"log": {"entries": [{"request": {"url": "http://a/"',
    "no-address.har": ENTRY.format('{"method": "GET", "url": "http://[::1/"}', PAGE),
    "cut.warc.gz": gzip.compress(b"WARC/1.0\r\nWARC-Type: response\r\n")[:20],
    "page.html.gz": gzip.compress(b"<p>"),
    "page.html": "<title>x</title>",
    "broken.wacz": b"PK\x03\x04rubbish",
    "some.tar": "tar",
    "picture.png": b"\x89PNG\r\n",
    "text/a.txt": "x",
    "good/index.html": "<title>t</title>",
    "full/keep.txt": "mine",
    "s/empty.toml": "",
    "s/no.toml": "= = =",
    "s/binary.toml": b"\xff\xfe\x00",
    "s/number.toml": "name = 3\n",
    "s/no-kinds.toml": HEAD.format("http://localhost/", "../good"),
    "s/colour.toml": 'colour = "red"\n' + site(),
    "s/no-pages.toml": site(pages="absent"),
    "s/pattern.toml": site(pattern="/("),
    "s/css.toml": site(items="p["),
    "s/xpath.toml": site(items="//p["),
    "s/start.toml": site(start="nonsense"),
    "s/encoding.toml": site(more='encoding = "klingon"\n'),
    "s/large.toml": b"\n" * (MAX_BYTES + 1),
}
IMPORT = {
    "absent.warc": "there is no 'absent.warc' to import",
    "": "out lies within .",  # the folder in which it is typed
    "a" * 300: "File name too long",
    "x\ny.warc": r"there is no 'x\ny.warc' to import",
    "http://a/x.warc": "`crawlbench mirror record` fetches the pages of an address",
    "dangling.warc": "there is no 'dangling.warc'",
    "circle.har": "there is no 'circle.har'",
    "pipe.warc": "neither a file nor a folder; name a WARC",
    "/dev/null": "neither a file nor a folder; name a WARC",
    "empty.warc": "is a WARC without a record",
    "empty.warc.gz": "is a WARC without a record",
    "empty.har": "is not a whole HAR file",
    "empty.wacz": "name a WARC or ARC",
    "text.warc": "record 1 is broken or cut short",
    "text.har": "is not a whole HAR file: JSON is malformed",
    "list.har": "has log.entries (Expected `object`, got `array`)",
    "no-log.har": "missing required field `log`",
    "log-of-text.har": "got `str` - at `$.log`",
    "null-entries.har": "got `null` - at `$.log.entries`",
    "numbers.har": "has no page that could be served: 2 without an address",
    "deep.har": "is not a whole HAR file",
    "cut.har": "is not a whole HAR file: Input data was truncated",
    "no-address.har": "1 without an http address, such as http://[::1/",
    "cut.warc.gz": "the gzip file ends too early",
    "page.html.gz": "it is a single page; put it into a folder",
    "page.html": "it is a single page; put it into a folder",
    "broken.wacz": "is not a whole zip file",
    "readme.wacz": "is a zip file without a WARC or a HAR in it",
    "some.tar": "name a WARC or ARC",
    "picture.png": "name a WARC or ARC",
    "empty": "has no page that could be served: it is empty",
    "text": "1 no HTML, such as http://localhost/a.txt",
}
"""What is imported, and what is said of it."""
OPTIONS = {
    ("good", "-o", "full"): "exists already (keep.txt ...); name another",
    ("good", "-o", "full", "--force"): "so crawlbench did not make it and does not replace it even",
    ("good", "-o", "page.html"): "is no folder; name another place",
    ("good", "-o", "page.html/x"): "there is no folder page.html; make it",
    ("good", "-o", "good/pages"): "good/pages lies within good, which is to be imported",
    ("good",): "Missing option '-o'",
    ("-o", "out"): "Missing argument 'source'",
    ("good", "absent", "-o", "out"): "there is no 'absent' to import",
    ("good", "-o", "out", "--start", "nonsense"): "--start: 'nonsense' is not an http address",
    ("good", "-o", "out", "--start", ""): "--start: '' is not an http address",
    ("good", "-o", "out", "--start", "http://localhost/x"): "but not the start",
}
VERIFY = {
    "absent.toml": "`crawlbench mirror import` writes one to begin with",
    "": "'' is not a site file; one ends in .toml",
    "good": "'good' is not a site file; one ends in .toml",
    "douban-top250": "is not a site file; one ends in .toml",
    "s/empty.toml": "missing required field `name`",
    "s/no.toml": "is not TOML",
    "s/binary.toml": "is not TOML",
    "s/number.toml": "Expected `str`, got `int` - at `$.name`, seen: 3",
    "s/no-kinds.toml": "missing required field `kinds`",
    "s/colour.toml": "unknown field `colour`",
    "s/no-pages.toml": "import or record the pages again",
    "s/pattern.toml": "'/(' is not a regular expression",
    "s/css.toml": "'p[' is no CSS selector",
    "s/xpath.toml": "'//p[' is no XPath",
    "s/start.toml": "start: 'nonsense' is not an http address",
    "s/encoding.toml": "'klingon' is not one that browsers know",
    "s/large.toml": "it has more than 16 MB",
}
HERE = "http://127.0.0.1:1/"
RECORD = {
    ("nonsense",): "URL: 'nonsense' is not an http address",
    ("http://127.0.0.1:99999/",): "is not an http address",
    ("http://ann:secret@127.0.0.1:1/",): "must not contain a name or password",
    (HERE, "--delay", "-1"): "--delay -1.0 cannot be used",
    (HERE, "--delay", "nan"): "--delay nan cannot be used",
    (HERE, "--pages", "0"): "--pages 0 cannot be used",
    (HERE, "--site", "absent.toml", "--yes"): "cannot read the site file 'absent.toml'",
    (HERE, "--proxy", "nonsense", "--yes"): "--proxy 'nonsense' is not the address of a proxy",
    (HERE,): "add --yes to do it",
}
STRATEGIES = {
    "none.py": ("return None", 4, "returned None, not the items; return all of them"),
    "numbers.py": ("return [1, 2]", 4, "returned 1 for an item; return those that"),
    "stops.py": ("raise KeyboardInterrupt", 4, "stops.py failed: KeyboardInterrupt"),
    "script.txt": ("return []", 2, "a file of your own ends in .py"),
}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Return a folder with all that is wrong."""
    folder = tmp_path_factory.mktemp("room")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with zipfile.ZipFile(folder / "readme.wacz", "w") as archive:
        archive.writestr("readme.txt", "x")
    (folder / "empty").mkdir()
    (folder / "dangling.warc").symlink_to("nowhere")
    (folder / "circle.har").symlink_to("circle.har")
    os.mkfifo(folder / "pipe.warc")
    return folder


@pytest.fixture
def call(monkeypatch, capsys, room):
    """Return a function that types a command in that folder."""

    def run(*words):
        monkeypatch.chdir(room)
        monkeypatch.setattr("sys.argv", ["crawlbench", "mirror", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        assert shown.out == ""
        assert not (room / "out").exists()
        return ended.value.code, shown.err

    return run


def assert_refused(said, words):
    """One sentence, and the exit code of what was typed wrongly."""
    code, text = said
    assert code == 2, text
    assert text.startswith("crawlbench: ")
    assert text.count("\n") == 1, text
    assert words in text


@pytest.mark.parametrize(("source", "words"), IMPORT.items())
def test_what_cannot_be_imported(call, source, words):
    assert_refused(call("import", source, "-o", "out"), words)


@pytest.mark.parametrize(("given", "words"), OPTIONS.items())
def test_where_it_cannot_be_imported_to(call, given, words):
    assert_refused(call("import", *given), words)


@pytest.mark.parametrize(("name", "words"), VERIFY.items())
def test_what_cannot_be_verified(call, name, words):
    assert_refused(call("verify", name), words)


@pytest.mark.parametrize(("given", "words"), RECORD.items())
def test_what_cannot_be_recorded(call, given, words):
    assert_refused(call("record", *given, "-o", "out"), words)


def test_what_is_beside_it_is_imported_all_the_same(call, room, monkeypatch, capsys):
    """A folder beside the source, a start that is there, and a page whose address looks odd."""
    monkeypatch.chdir(room)
    odd = ENTRY.format('{"method": "GET", "url": "http://a/\\u001b[2J"}', PAGE)
    (room / "odd.har").write_text(odd)
    for source, start in (("good", "http://localhost/"), ("odd.har", "http://a/\x1b[2J")):
        words = ["import", source, "-o", f"{source}-pages", "--start", start]
        monkeypatch.setattr("sys.argv", ["crawlbench", "mirror", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        assert ended.value.code in (0, None), shown.err
        assert "1 page of " in shown.out
        assert "\x1b" not in shown.out


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategy_of_ones_own_that_returns_no_items(crawlbench, tmp_path, name):
    """It is told what came of it, not what our code made of that."""
    body, code, words = STRATEGIES[name]
    path = tmp_path / "mine" / name
    path.parent.mkdir()
    path.write_text(f"def crawl(site, concurrency):\n    {body}\n")
    done = crawlbench("crawl", "-s", f"mine/{name}")
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert words in done.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://a b/", "http://", "ftp://a/"])
def test_address_that_is_none_is_refused_before_anything_is_crawled(crawlbench, url):
    done = crawlbench("crawl", "-s", "requests-serial", "--url", url)
    assert done.returncode == 2, done.stderr
    assert done.stderr == (
        f"crawlbench: --url {url!r} is not an address; one looks like http://127.0.0.1:8000\n"
    )
