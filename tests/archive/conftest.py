"""What the tests of archives share."""

from __future__ import annotations

import json
import threading

import pytest

from crawlbench.archive.importing import import_pages
from crawlbench.archive.links import LinkFinder
from crawlbench.archive.recording import RecordPlan, record_pages
from crawlbench.base.errors import UsageError
from crawlbench.sites.manifest import load_manifest
from tests.archive.recorded import Server


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


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def record(server, tmp_path):
    """Return a function that records the server into a folder."""
    waits = []

    def call(path="/", **options):
        settings = {"most_pages": 50, "delay_s": 0.0, "finder": LinkFinder(), **options}
        plan = RecordPlan(
            start=server.origin + path, target=tmp_path / "site", sleep=waits.append, **settings
        )
        return record_pages(plan, force=False)

    call.waits = waits
    call.target = tmp_path / "site"
    return call
