"""A user's own site of one page, written to a folder."""

from __future__ import annotations

import hashlib

from crawlbench.sites.manifest import MANIFEST_NAME, Manifest, ManifestPage, encode_manifest

BODY = b"<html><title>x</title><body><div><h2>" + b"a" * 40 + b"!</h2></div>" + b"<p>b</p>" * 50

SITE = """
name = "x"
start = "http://localhost/{page}"
addresses = {{{rules}}}
[[kinds]]
pattern = '{pattern}'
items = '{items}'
links = '{links}'
[[kinds.fields]]
name = "title"
selector = '{selector}'
regex = '{regex}'
"""


def write_site(folder, **changes):
    """Write a site file and its page; return the file's path."""
    page = "a" * 40
    head = {"Content-Type": "text/html; charset=utf-8"}
    digest = hashlib.sha256(BODY).hexdigest()
    entry = ManifestPage(f"/{page}", "page.html", digest, len(BODY), head)
    (folder / "page.html").write_bytes(BODY)
    (folder / MANIFEST_NAME).write_bytes(encode_manifest(Manifest(1, "x", (entry,))))
    good = {"pattern": "/.*", "items": "//div", "links": "//a", "selector": ".//h2", "regex": ".+"}
    values = {"page": page, "rules": "", **good, **changes}
    (folder / "site.toml").write_text(SITE.format(**values), encoding="utf-8")
    return folder / "site.toml"
