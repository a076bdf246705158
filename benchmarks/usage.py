"""What a benchmark is called with: its words in order, all of them optional, and `--help`.

The help is the benchmark's own docstring, so that nobody starts hours of measuring to find out what
it does.
"""

from __future__ import annotations

import argparse


def read_words(text: str | None, rest: str = "", /, **usual: float | str) -> argparse.Namespace:
    """Return the words that a benchmark was called with; show its docstring for `--help`.

    Args:
        text: the benchmark's docstring.
        rest: what all further words are together; if empty, there must be none.
        usual: what each word is if it is left out, in their order; a word is of the same type.
    """
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, value in usual.items():
        shown = f"usually {value:,}" if isinstance(value, int) else f"usually {value}"
        parser.add_argument(
            name, nargs="?", type=type(value), default=value, metavar=name.upper(), help=shown
        )
    if rest:
        parser.add_argument(rest, nargs="*", metavar=rest.upper())
    return parser.parse_args()
