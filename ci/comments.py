"""Writes comments on pull requests, and disarms the strangers' words that they quote.

A commenting bot has more rights than the author of a pull request. So its quotations must not call
people, refer to other threads or link to anything.
"""

from __future__ import annotations

import re

__all__ = ["MAX_CHARACTERS", "mark", "quote", "tame", "write_comment"]

MAX_CHARACTERS = 64_000
"""GitHub accepts 65,536; the difference leaves room for text around ours."""
_INVISIBLE = "\u200b"
_LIVE = re.compile(
    r"""
    @(?=[\w-]) | \#(?=\w) | \bGH-(?=\d)  # calls somebody, or refers to a thread
    | (?m:^[ \t>*+-]*)/(?=[a-z])  # a command to a bot, which stands at a line's start
    | /(?=/) | \bwww(?=\.)  # an address
    | \b(?:https?|ftp|mailto|xmpp|data|javascript)(?=:)  # an address that needs no slashes
    | \](?=[(:\[]) | <(?=[a-z/!?])  # a link or an image, and an element of HTML
    | &(?=[\w\#]) | \\(?=[!"%'()+,./:;=?@^-])  # a letter of the above in another spelling
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Matches text that GitHub acts on, up to the point at which we break it.

A backslash before a character that crawlbench's tables escape is kept, because the table would fall
apart without it; whatever it could hide is broken by itself.
"""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def mark(name: str) -> str:
    """Return the hidden line by which we find a comparison's comment again."""
    return f"<!-- crawlbench: {name} -->"


def quote(text: str) -> str:
    """Return text as a block that Markdown shows as it is."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def tame(markdown: str) -> str:
    """Return the Markdown without effects: it calls nobody and links to nothing."""
    return _LIVE.sub(rf"\g<0>{_INVISIBLE}", _CONTROL.sub("", markdown))


def write_comment(name: str, title: str, body: str, footer: str) -> str:
    """Return a comment of less than 64 kB; lines of the body that do not fit are left out.

    Args:
        name: the comparison's name.
        title: our title, one line.
        body: Markdown that may quote strangers.
        footer: our footer, which is always kept.
    """
    head = f"{mark(name)}\n### {title}\n\n"
    end = f"\n\n{footer}\n"
    return head + _cut(tame(body), MAX_CHARACTERS - len((head + end).encode())) + end


def _cut(text: str, most_bytes: int) -> str:
    """Return the lines of text that fit, and add a note if there are more."""
    if len(text.encode()) <= most_bytes:
        return text
    left_out = "\n\n(The rest is in the session's artifact.)"
    part = text.encode()[: most_bytes - len(left_out)].decode(errors="ignore")
    return part.rpartition("\n")[0] + left_out
