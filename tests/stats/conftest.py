"""What the judge's formulas are compared with."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def scipy_stats():
    """Return `scipy.stats`, which takes a second to import: only where its tests run."""
    from scipy import stats

    return stats
