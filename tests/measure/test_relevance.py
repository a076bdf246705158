"""What `ab` measures where nobody says: what shows the packages that are compared."""

from __future__ import annotations

import pytest

from crawlbench.environments.requirements import packages_of
from crawlbench.environments.spec import parse_sides
from crawlbench.measure.relevance import relevant_axes
from crawlbench.plugins import registry
from crawlbench.plugins.about import imported_modules


def axes_of(*specs):
    """Return what is chosen for two sides as `ab` reads them."""
    sides = parse_sides(specs)
    return relevant_axes({package for side in sides for package in packages_of(side)})


@pytest.mark.parametrize(
    ("specs", "module"),
    [
        (("httpx2==2.16.1", "httpx2"), "httpx2"),
        (("httpx==0.27.0", "httpx"), "httpx"),
        (("pycurl", "PycURL>=7"), "pycurl"),
        (("httpx-aiohttp==0.1.8", "httpx_aiohttp"), "httpx_aiohttp"),
        (("urllib3<2", "urllib3"), "urllib3"),
    ],
)
def test_versions_of_a_client_choose_what_imports_it(specs, module):
    """And nothing else: time goes to what can differ."""
    axes = axes_of(*specs)
    assert set(axes) == {"strategies"}
    for strategy in axes["strategies"]:
        assert module in imported_modules(registry.Kind.STRATEGY, strategy)


def test_two_clients_against_each_other_choose_both():
    """Each side must have something that shows it."""
    strategies = axes_of("httpx2==2.16.1", "httpx==0.28.1")["strategies"]
    modules = {m for s in strategies for m in imported_modules(registry.Kind.STRATEGY, s)}
    assert {"httpx", "httpx2"} <= modules


def test_what_no_strategy_imports_is_shown_by_what_needs_it():
    """h11 is what httpx parses with."""
    assert axes_of("h11==0.14.0", "h11")["strategies"] == ["httpx-async"]


def test_unknown_package_chooses_nothing():
    """Then the suite stands as it is."""
    assert axes_of("numpy==1.26.0", "numpy") == {}
