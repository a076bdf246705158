"""A manifest is believed only when everything that it promises is there."""

import hashlib
import json

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.sites.manifest import (
    Manifest,
    ManifestPage,
    encode_manifest,
    load_manifest,
    read_body,
)

BODY = "<p>页</p>\n".encode()


def page(file="page.html", body=BODY, **changes):
    fields = {
        "address": "/list",
        "file": file,
        "sha256": hashlib.sha256(body).hexdigest(),
        "body_bytes": len(body),
        "headers": {"Content-Type": "text/html; charset=utf-8"},
    }
    return ManifestPage(**{**fields, **changes})


def write_manifest(folder, *pages, number=1):
    (folder / "manifest.json").write_bytes(encode_manifest(Manifest(number, "site", pages)))


@pytest.fixture
def folder(tmp_path):
    """Make a folder with one page and no manifest yet."""
    inner = tmp_path / "fixtures"
    inner.mkdir()
    (inner / "page.html").write_bytes(BODY)
    return inner


def refusal(folder):
    """Return the one sentence with which the folder is refused."""
    with pytest.raises(UsageError) as caught:
        load_manifest(folder)
    sentence = str(caught.value)
    assert sentence.endswith("; run: crawlbench mirror build")
    assert "\n" not in sentence
    return sentence


def test_what_was_written_is_loaded(folder):
    """Encoding and loading are each other's inverse, and the body is as it was."""
    write_manifest(folder, page())
    manifest = load_manifest(folder)
    assert manifest == Manifest(1, "site", (page(),))
    assert read_body(folder, manifest.pages[0]) == BODY


def test_manifest_is_readable_text(folder):
    """Indented, in UTF-8 rather than escapes, ending in a newline."""
    text = encode_manifest(Manifest(1, "站", ())).decode()
    assert text == '{\n "format": 1,\n "site": "站",\n "pages": []\n}\n'


def test_a_folder_without_manifest_is_refused(folder):
    """The sentence names the file that was looked for."""
    assert "manifest.json (No such file or directory)" in refusal(folder)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"\xff", b'{"format": "\xff"}', b"null", b'{"format": 1}', b"[" * 100_000],
)
def test_a_broken_manifest_is_refused(folder, text):
    """Whether it is no JSON, no UTF-8 or no manifest."""
    (folder / "manifest.json").write_bytes(text)
    assert "manifest.json is not a manifest (" in refusal(folder)


def test_a_field_that_is_not_known_is_refused(folder):
    """A misspelt field must not pass as a missing one."""
    write_manifest(folder, page())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["pages"][0]["header"] = {}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "unknown field `header` - at `$.pages[0]`" in refusal(folder)


def test_another_format_is_refused_whatever_else_it_holds(folder):
    """A later format may have fields that this one cannot read."""
    (folder / "manifest.json").write_text('{"format": 2, "sites": {}}')
    assert "has the format 2, but this crawlbench reads 1" in refusal(folder)


def test_an_address_given_twice_is_refused(folder):
    """The mirror could serve only one of the two."""
    write_manifest(folder, page(), page())
    assert "names the address '/list' twice" in refusal(folder)


def test_a_missing_page_is_refused(folder):
    """The sentence names the page's file."""
    write_manifest(folder, page("other.html"))
    assert "other.html (No such file or directory)" in refusal(folder)


def test_a_folder_in_a_pages_place_is_refused(folder):
    """It has the right name but cannot be read."""
    (folder / "other.html").mkdir()
    write_manifest(folder, page("other.html"))
    assert "cannot read" in refusal(folder)


@pytest.mark.parametrize("changes", [{"body": b"<p>other</p>"}, {"body_bytes": 1}])
def test_a_changed_page_is_refused(folder, changes):
    """Both hash and length have to be the promised ones; both are shown."""
    write_manifest(folder, page(**changes))
    digest = hashlib.sha256(BODY).hexdigest()
    assert f"page.html has {len(BODY)} bytes with SHA-256 {digest}" in refusal(folder)


@pytest.mark.parametrize(
    "name",
    ["../page.html", "..", ".", "", "/etc/hosts", "a/b", "a\\b", "C:page.html", "page.html\n"],
)
def test_a_name_that_leaves_the_folder_is_refused(folder, name):
    """Only plain names are read, on each platform, even where the file exists."""
    (folder.parent / "page.html").write_bytes(BODY)
    write_manifest(folder, page(name))
    assert f"the file {name!r} of /list is not a plain name" in refusal(folder)


def test_a_symbolic_link_is_refused(folder):
    """Even to the right bytes: a link may lead anywhere later."""
    (folder.parent / "outside.html").write_bytes(BODY)
    try:
        (folder / "linked.html").symlink_to(folder.parent / "outside.html")
    except OSError:
        pytest.skip("this platform or user may not make symbolic links")
    write_manifest(folder, page("linked.html"))
    assert "the file 'linked.html' of /list is a symbolic link" in refusal(folder)
