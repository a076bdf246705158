"""What an installer asks of a package index: 3 listings and 195 small files of metadata (floor 1).

A few large answers name the others, which are many and fit into a packet or two: over HTTP/1.1 on
many connections, over HTTP/2 on one.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Final

from crawlbench.base.model import Field, Item, PageKind, SiteSpec
from crawlbench.sites.written import WrittenPages, without_query

PROJECTS: Final = ("alpha", "beta", "gamma")
FILES_EACH: Final = 65
HEADERS: Final = {"Content-Type": "application/vnd.pypi.simple.v1+json"}


@cache
def _bodies() -> dict[str, bytes]:
    """Write the listings, each of which names its files; the first also names the others."""
    bodies, rank = {}, 0
    for project in PROJECTS:
        files, links = [], [f"/simple/{other}/" for other in PROJECTS if project == PROJECTS[0]]
        for number in range(FILES_EACH):
            rank += 1
            name = f"{project}-1.{number}-py3-none-any.whl"
            link = f"/files/{name}.metadata"
            bodies[link] = _write_metadata(project, number, rank)
            digest = hashlib.sha256(bodies[link]).hexdigest()
            files.append({"filename": name, "size": 10_000 + rank, "core-metadata": digest})
            links.append(link)
        listing = {"meta": {"api-version": "1.1"}, "name": project, "files": files, "links": links}
        bodies[f"/simple/{project}/"] = json.dumps(listing).encode()
    return bodies


def _write_metadata(project: str, number: int, rank: int) -> bytes:
    needs = [
        f"package-{(rank * step) % 97}>={step}.{number % 7}" for step in range(1, 3 + rank % 30)
    ]
    answer = {
        "metadata_version": "2.3",
        "name": project,
        "version": f"1.{number}",
        "rank": rank,
        "title": f"{project} 1.{number}",
        "requires_dist": needs,
        "requires_python": ">=3.11",
    }
    return json.dumps(answer).encode()


def _expected_items() -> list[Item]:
    places = [(project, number) for project in PROJECTS for number in range(FILES_EACH)]
    return [Item(rank, f"{name} 1.{number}") for rank, (name, number) in enumerate(places, 1)]


SITE = SiteSpec(
    name="index",
    path=f"/simple/{PROJECTS[0]}/",
    kinds=(
        PageKind(pattern=r"/simple/\w+/", items="", fields=(), links="links"),
        PageKind(
            pattern=r"/files/[\w.-]+\.metadata",
            items="",
            fields=(Field("rank", "rank", int), Field("title", "title", str)),
            links="",
        ),
    ),
    item_type=Item,
    page_address=without_query,
    expected_items=_expected_items,
    expected_pages=len(PROJECTS) * (1 + FILES_EACH),
    pages=lambda: WrittenPages(_bodies(), HEADERS),
    media="json",
    most_at_once=lambda: FILES_EACH * (len(PROJECTS) - 1),
)
