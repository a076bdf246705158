"""A comment on a pull request: Markdown that others' words are in, made to disturb nobody.

A commenting bot has more say than who caused the comment, so what it quotes may not call people,
refer to other threads or lead elsewhere.
"""

from __future__ import annotations

import re

__all__ = ["MAX_CHARACTERS", "mark", "quote", "tame", "write_comment"]

MAX_CHARACTERS = 64_000
"""GitHub takes 65,536; the rest is room for what is put around ours."""
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
"""What acts, up to where it is broken. A backslash before a letter that tables of crawlbench escape
stays, as the table would fall apart: what it could hide is broken by itself."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def mark(name: str) -> str:
    """Return the hidden line by which a comparison's comment is found again."""
    return f"<!-- crawlbench: {name} -->"


def quote(text: str) -> str:
    """Return text as a block that Markdown shows as it is."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def tame(markdown: str) -> str:
    """Return Markdown that calls nobody, refers to nothing and leads nowhere."""
    return _LIVE.sub(rf"\g<0>{_INVISIBLE}", _CONTROL.sub("", markdown))


def write_comment(name: str, title: str, body: str, footer: str) -> str:
    """Return a comment of less than 64 kB; where there is no room for all, lines are left out.

    Args:
        name: of the comparison.
        title: ours, in a line.
        body: Markdown with others' words in it.
        footer: ours; stays whatever the body's length.
    """
    head = f"{mark(name)}\n### {title}\n\n"
    end = f"\n\n{footer}\n"
    return head + _cut(tame(body), MAX_CHARACTERS - len((head + end).encode())) + end


def _cut(text: str, most_bytes: int) -> str:
    """Return whole lines of text that fit, and say if there were more."""
    if len(text.encode()) <= most_bytes:
        return text
    left_out = "\n\n(The rest is in the session's artifact.)"
    part = text.encode()[: most_bytes - len(left_out)].decode(errors="ignore")
    return part.rpartition("\n")[0] + left_out
