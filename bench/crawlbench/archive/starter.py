"""The site file that an import begins with, for a person to edit (floor 3; pure)."""

from __future__ import annotations

import json

__all__ = ["render_site_file"]

_TEMPLATE = """\
# A site of your own. Edit it, then run: crawlbench mirror verify {path}
# What each line means: docs/your-site.md

name = {name}
start = {start}
pages = "."            # folder with manifest.json, relative to this file
encoding = {encoding}

# What makes two addresses one page; a fragment (#...) never counts.
[addresses]
drop_parameters = ["utm_*"]
# keep_parameters = ["page"]   # only these count
# sort_parameters = true
# trailing_slash = "drop"      # or "add": /a and /a/ are one page
# index = ["index.html"]       # /a/index.html and /a/ are one page
# ignore_case = true

# How pages are read: the first kind whose pattern fits the path and query counts.
# A selector is CSS, or an XPath if it begins with /, ./, ( or @.
[[kinds]]
pattern = '/.*'
items = "//head/title" # one item for each node; each page of this kind needs one at least
links = "//a[@href]"   # which links are followed

[[kinds.fields]]
name = "title"         # what a person calls an item; needed
selector = "."         # within the item

# [[kinds.fields]]
# name = "price"
# selector = "span.price"
# attribute = "data-price"     # instead of the node's text
# regex = '[0-9.]+'            # the first match counts
# convert = "float"            # or "int", "first number", "str"
"""


def render_site_file(path: str, name: str, start: str, encoding: str) -> str:
    """Return the text of a site file whose items are the pages' titles.

    Args:
        path: where the file will be, for the comment.
        name: of the site.
        start: address of the first page.
        encoding: of the pages.
    """
    values = {"name": name, "start": start, "encoding": encoding}
    quoted = {key: json.dumps(value) for key, value in values.items()}  # as TOML quotes, too
    return _TEMPLATE.format(path=" ".join(path.split()), **quoted)
