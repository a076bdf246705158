"""What only some installations have, as marks: each process of the suite collects every test.

`pytest.importorskip` at the top of a file imports for all of them what one of them will use.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def needs(*modules):
    """Return a mark that skips where a top-level module is not installed, and imports none."""
    absent = [name for name in modules if find_spec(name) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)}")
