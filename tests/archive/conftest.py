"""What the tests of archives share."""

from __future__ import annotations

import json

import pytest

from crawlbench.archive.importing import import_pages
from crawlbench.errors import UsageError
from crawlbench.sites.manifest import load_manifest


class Workshop:
    """A folder in which imports are tried."""

    def __init__(self, folder):
        self.folder = folder
        self.target = folder / "site"

    def run(self, source, start=None, **options):
        settings = {"site_file": True, "force": False, **options}
        sources = source if isinstance(source, list) else [source]
        return import_pages(sources, self.target, start, **settings)

    def pages(self):
        """Return the bodies by address."""
        manifest = load_manifest(self.target)
        return {page.address: (self.target / page.file).read_bytes() for page in manifest.pages}

    def entry(self, address):
        return next(p for p in load_manifest(self.target).pages if p.address == address)

    def refusal(self, source, start=None, **options):
        """Return the one sentence of a refused import, after which nothing is there."""
        before = sorted(self.folder.iterdir())
        with pytest.raises(UsageError) as caught:
            self.run(source, start, **options)
        assert sorted(self.folder.iterdir()) == before, "something half-written is left"
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def manifest(self):
        return json.loads((self.target / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path)
