"""Writes the site file with which an import begins, for the user to edit (floor 4; pure)."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEMPLATE = """\
# A site of your own. {state}: crawlbench mirror verify {path}
# Its items are the pages; edit it to say what an item is. What each line means: docs/your-site.md
{missing}
name = {name}
start = {start}
pages = "."            # folder with manifest.json, relative to this file
# encoding = "gb18030"  # of pages that do not say; utf-8 if it is not given

# What makes two addresses one page; a fragment (#...) never counts.
[addresses]
# drop_parameters = ["utm_*"]        # these do not count
# default_parameters = ["page=1"]    # ?page=1 is the page itself
# keep_parameters = ["page"]   # only these count
# sort_parameters = true
# trailing_slash = "drop"      # or "add": /a and /a/ are one page
# index = ["index.html"]       # /a/index.html and /a/ are one page
# ignore_case = true

# How pages are read: the first kind whose pattern fits the path and query counts.
# A selector is CSS, or an XPath if it begins with /, ./, ( or @.
[[kinds]]
pattern = '/.*'
items = "/html"        # one item for each node; each page of this kind needs one at least
links = "//a[@href]"   # which links are followed

[[kinds.fields]]
name = "title"         # what a person calls an item; needed
selector = ".//title"  # within the item
default = "untitled"   # where there is none; without this line each item needs one

# [[kinds.fields]]
# name = "price"
# selector = "span.price"
# attribute = "data-price"     # instead of the node's text
# regex = '[0-9.]+'            # the first match counts
# convert = "float"            # or "int", "first number", "str"
"""


def render_site_file(path: str, name: str, start: str, missing: Sequence[str]) -> str:
    """Return the text of a site file whose items are the pages, named by their titles.

    Args:
        path: the file's future path, for the comment.
        name: the site's name.
        start: the address of the first page.
        missing: what has to be fixed before the site can be verified, a line for each.
    """
    values = {"name": name, "start": start}
    quoted = {key: json.dumps(value) for key, value in values.items()}  # TOML quotes alike
    said = "".join(f"# To be fixed first: {' '.join(line.split())}\n" for line in missing if line)
    state = "Fix what is named below, then verify it" if said else "It can be verified as it is"
    where = shlex.quote(" ".join(path.split()))
    return _TEMPLATE.format(state=state, path=where, missing=said, **quoted)
