"""Reads the arguments of a benchmark: words in a fixed order, all of them optional, and `--help`.

The help is the benchmark's own docstring, so that nobody has to start hours of measuring to find
out what it does.
"""

from __future__ import annotations

import argparse


def read_words(text: str | None, rest: str = "", /, **usual: float | str) -> argparse.Namespace:
    """Return the arguments of a benchmark; print its docstring for `--help`.

    Args:
        text: the benchmark's docstring.
        rest: the name for all further words; if empty, further words are refused.
        usual: the default of each word, in order; it also determines the word's type.
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
