"""Damages archives at random and imports them: `python -m tests.fuzz.archives COUNT`.

One seed is one damaged archive, so that what goes wrong can be had again.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

from crawlbench.archive.importing import import_pages
from crawlbench.base.errors import UsageError
from crawlbench.sites.custom import open_site
from crawlbench.sites.manifest import load_manifest
from tests.archive.archives import HOST, HTML, chunked, har_entry, page, response, warc_bytes

DEADLINE_S = 10.0
"""Of CPU, for one import of a few kilobytes: other work on the machine takes none of it."""
PIECES = (
    *(b"\0", b"\xff" * 9, b"\r\n\r\n", b"WARC/1.0\r\n", b"HTTP/1.1 200 OK\r\n", b"\x1f\x8b\x08"),
    *(b"99999999999999999999", b"-1", b"../../x", b"/etc/passwd", b"null", b"[", b"{", b'"', b"]"),
    *(b"\xef\xbb\xbf", b"PK\x03\x04", b"charset=utf-7"),
    *(b"Content-Encoding: br\r\n", b"http://[", b"\\", b"%", b"<base href=http://x>", b"1e999"),
)


def originals():
    """Return the name and the bytes of a sound archive of each kind."""
    gz, parts = [*HTML, ("Content-Encoding", "gzip")], [*HTML, ("Transfer-Encoding", "chunked")]
    answers = (
        response(f"{HOST}/", page("a", "/b", "/c?x=1")),
        response(f"{HOST}/b", gzip.compress(page("b", "/"), mtime=0), headers=gz),
        response(f"{HOST}/c?x=1", chunked(page("c")), headers=parts),
        response(f"{HOST}/old", status="301 Moved", headers=[("Location", "/b")]),
    )
    plain, packed = warc_bytes(*answers, gz=False), warc_bytes(*answers)
    entries = [har_entry(f"{HOST}/{n}", page(f"{n}", "/1")) for n in range(3)]
    har = json.dumps({"log": {"entries": [*entries, har_entry(f"{HOST}/f", _file="f.html")]}})
    wacz, folder = io.BytesIO(), "docs.example.org/"
    with zipfile.ZipFile(wacz, "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/a.warc.gz"), packed)
    return {
        "x.warc": plain,
        "x.warc.gz": packed,
        "x.har": har.encode(),
        "x.har.gz": gzip.compress(har.encode(), mtime=0),
        "x.wacz": wacz.getvalue(),
        f"{folder}index.html": page("a", "b?x=1"),
        f"{folder}b?x=1": b"<!doctype html><meta charset=gbk><title>\xb5\xe7</title>",
    }


def damage(content, chance):
    """Return bytes in which one to four things are other than they were."""
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at, kind = chance.randrange(len(content) + 1), chance.randrange(5)
        if kind == 0:
            del content[at:]
        elif kind == 1:
            del content[at : at + chance.choice((1, 2, 10, 200))]
        elif kind == 2:
            content[at:at] = chance.choice(PIECES)
        elif kind == 3 and at < len(content):
            content[at] ^= 1 << chance.randrange(8)
        else:
            content[at:at] = content[max(at - 50, 0) : at]
    return bytes(content)


def fuzz(room, seeds):
    """Damage and import once for each seed; return how many were taken.

    Args:
        room: an empty folder.
        seeds: whole numbers.
    """
    sound, taken = originals(), 0
    for seed in seeds:
        chance = random.Random(seed)
        name = chance.choice(list(sound))
        is_folder = name.startswith("docs.")
        source, target = room / ("copy" if is_folder else name), room / "site"
        files = {n: d for n, d in sound.items() if n.startswith("docs.")} if is_folder else {}
        files[name] = damage(sound[name], chance)
        for file, data in files.items():
            path = source / file if is_folder else source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        begun = time.process_time()
        try:
            taken += _import(source, target)
        except Exception as error:
            error.add_note(f"seed {seed}, {name}")
            raise
        assert time.process_time() - begun < DEADLINE_S, f"seed {seed}, {name}: hangs"
        shutil.rmtree(target, ignore_errors=True)
        shutil.rmtree(source) if is_folder else source.unlink()
        assert not list(room.iterdir()), f"seed {seed}, {name}: something is left"
    return taken


def _import(source, target):
    """Tell whether an archive was taken, so that it can be opened, or refused in a sentence."""
    try:
        import_pages([source], target, None, site_file=True, force=False)
    except UsageError as error:
        sentence = str(error)
    else:
        sentence = ""
    if sentence:
        assert "\n" not in sentence
        assert not target.exists()
        return False
    load_manifest(target)
    open_site(str(target / "site.toml"), is_verified=False)
    return True


def main():
    """Say which seeds fail and how, and how many archives were taken."""
    count, taken, failures = int(sys.argv[1]), 0, 0
    for seed in range(count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                taken += fuzz(Path(folder), [seed])
            except Exception:  # the others are still to be tried
                failures += 1
                traceback.print_exc()
    refused = count - taken - failures
    print(f"{count} damaged archives: {taken} taken, {refused} refused, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
