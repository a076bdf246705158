"""A folder of wget gives its pages under the addresses that they had."""

import os
import sys

import pytest

from crawlbench.archive.folder import Spelling
from tests.archive.archives import page


@pytest.mark.parametrize(
    ("names", "address", "alias"),
    [
        (("index.html",), "/", "/index.html"),
        (("a", "index.html"), "/a/", "/a"),
        (("a.html",), "/a.html", "/a"),
        (("list?page=2",), "/list?page=2", "/list%3Fpage=2"),
        (("list?page=2.html",), "/list?page=2", "/list%3Fpage=2.html"),
        (("list?x=a%2Fb",), "/list?x=a%2Fb", "/list?x=a%252Fb"),
        (("list.html?page=2",), "/list.html?page=2", None),
        (("index.html?page=2",), "/?page=2", "/index.html?page=2"),
        (("a b", "ü.html"), "/a%20b/%C3%BC.html", None),
        (("a%2Fb.html",), "/a%2Fb.html", None),
        (("100%.html",), "/100%25.html", None),
    ],
)
def test_names_mean_addresses(names, address, alias):
    """Queries are in the name, a folder's page is its index, and extensions were added."""
    main, aliases = Spelling({names}).spell(names)
    assert main == address
    assert alias is None or alias in aliases


def make_tree(root, **files):
    root.mkdir(parents=True)
    for name, body in files.items():
        path = root / name.replace("__", "/").replace("_html", ".html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def test_a_host_folder_is_found(workshop):
    """In what wget made, or as it is; the first page comes first."""
    root = workshop.folder / "copy" / "docs.example.org"
    make_tree(root, index_html=page("home"), a__b_html=page("b"), logo=b"\x89PNG")
    report = workshop.run(workshop.folder / "copy")
    assert report.start == "http://docs.example.org/"
    assert set(workshop.pages()) == {"/", "/a/b.html"}
    assert dict(report.skips.counts) == {"no HTML": 1}
    workshop.target = workshop.folder / "again"
    assert workshop.run(root).start == "http://docs.example.org/"


def test_several_hosts_need_a_start(workshop):
    """The sentence names them."""
    make_tree(workshop.folder / "copy" / "a.example", index_html=page("a"))
    make_tree(workshop.folder / "copy" / "b.example", index_html=page("b"))
    source = workshop.folder / "copy"
    assert "several hosts (a.example, b.example)" in workshop.refusal(source)
    workshop.run(source, "https://b.example/")
    assert workshop.pages() == {"/": page("b")}


def test_any_folder_of_pages_will_do(workshop):
    """One without a host's name is served as localhost; originals of wget are left."""
    make_tree(workshop.folder / "public", index_html=page("a"), **{"b_html.orig": page("b")})
    report = workshop.run(workshop.folder / "public")
    assert report.start == "http://localhost/"
    assert workshop.pages() == {"/": page("a")}


@pytest.mark.parametrize("target", ["/etc/passwd", "index.html", "..", "nowhere"])
def test_symbolic_links_are_refused(workshop, target):
    """To a file, a folder or nothing, within or outside."""
    make_tree(workshop.folder / "public", index_html=page("a"))
    link = workshop.folder / "public" / "z.html"
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("this platform or user may not make symbolic links")
    assert f"{str(link)!r} is a symbolic link" in workshop.refusal(workshop.folder / "public")


def test_a_fifo_is_not_waited_for(workshop):
    """Only plain files are read."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    make_tree(workshop.folder / "public", index_html=page("a"))
    os.mkfifo(workshop.folder / "public" / "pipe.html")
    assert workshop.run(workshop.folder / "public").pages == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
@pytest.mark.parametrize(
    ("name", "address"),
    [
        (b"\xe8%AF%98.html", "/%E8%AF%98.html"),  # wget before 1.19
        (b"\xb5\xe7.html", "/%B5%E7.html"),  # a site whose addresses are in gbk
        (b"a%2Fb\xff.html", "/a%2Fb%FF.html"),
    ],
)
def test_a_name_is_the_bytes_of_its_address(workshop, name, address):
    """In whatever encoding the site escapes them, and with the escapes that wget wrote."""
    make_tree(workshop.folder / "public", index_html=page("a", address))
    (workshop.folder / "public" / os.fsdecode(name)).write_bytes(page("b"))
    workshop.run(workshop.folder / "public")
    assert set(workshop.pages()) == {"/", address}


def test_an_empty_or_missing_folder_is_refused(workshop):
    """And a file of another kind."""
    (workshop.folder / "empty").mkdir()
    (workshop.folder / "x.zip").write_bytes(b"PK")
    assert "no page that could be served" in workshop.refusal(workshop.folder / "empty")
    assert "there is no" in workshop.refusal(workshop.folder / "nowhere")
    assert "of no kind that crawlbench reads; name a WARC" in workshop.refusal(
        workshop.folder / "x.zip"
    )


def test_folders_in_folders_without_end(workshop):
    """More of them than Python calls itself: a page in the innermost one is a page."""
    depth = sys.getrecursionlimit() + 100
    root = workshop.folder / "deep"
    root.mkdir()
    inner = [root]
    try:
        for _ in range(depth):
            inner.append(inner[-1] / "a")
            inner[-1].mkdir()
        (inner[-1] / "b.html").write_bytes(page("b"))
        workshop.run(root)
        assert set(workshop.pages()) == {"/a" * depth + "/b.html"}
    finally:  # pytest could not delete them
        (inner[-1] / "b.html").unlink(missing_ok=True)
        for folder in reversed(inner):
            folder.rmdir()
