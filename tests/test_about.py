"""What is said of a contestant comes from its file and its distribution, without importing it."""

from __future__ import annotations

import sys
from importlib import metadata
from importlib.metadata import EntryPoint

import pytest

from crawlbench.base.errors import UnknownNameError
from crawlbench.plugins import registry
from crawlbench.plugins.about import describe_http, describe_strategy, distribution_of
from tests.child import succeed

NAMES = registry.names(registry.Kind.STRATEGY)


def test_there_are_thirty_contestants():
    """And a reference beside them."""
    assert len(NAMES) >= 30
    assert "limit-socket" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_contestant_says_what_it_is(name):
    """A model, the versions of HTTP, and a library with version and licence where it is here."""
    facts = describe_strategy(name)
    assert facts.about
    assert facts.model
    assert set(facts.http.split(", ")) <= {"1.1", "2", "3"}
    assert facts.library
    if facts.installed:
        assert facts.version
        assert facts.licence


def test_facts_of_a_known_one():
    """The first import that is not Python's own is the client."""
    facts = describe_strategy("requests-threads")
    assert (facts.library, facts.model, facts.http) == ("requests", "threads", "1.1")


def test_nothing_is_imported():
    """Listing forty clients must not load forty clients."""
    code = (
        "import sys; from crawlbench.plugins.about import describe_strategy as d\n"
        "d('aiohttp-gather'); d('requests-serial'); d('scrapy-spider')\n"
        "print(*{'aiohttp', 'requests', 'scrapy', 'twisted'} & set(sys.modules))"
    )
    ran = succeed([sys.executable, "-c", code])
    assert ran.stdout == "\n"


@pytest.mark.parametrize(
    ("module", "about"),
    [
        ("odd_package.mine", "Mine."),
        ("odd_package.inner.mine", "Mine."),
        ("odd_space.mine", "Mine."),
        ("odd_space.inner.mine", ""),
        ("odd_package.absent", ""),
        ("odd_package.mine.absent", ""),
        ("odd_absent.mine", ""),
    ],
)
def test_module_of_a_package_is_read_and_the_package_not_imported(
    tmp_path, monkeypatch, module, about
):
    """Whatever its import would do; of a namespace within a namespace nothing can be said."""
    for folder in ("odd_package", "odd_package/inner", "odd_space", "odd_space/inner"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text('"""Mine."""')
        if "package" in folder:
            (tmp_path / folder / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("mine", f"{module}:crawl", "crawlbench.strategies")
    monkeypatch.setattr(registry, "_points", lambda _: {"mine": point})
    describe_http.cache_clear()
    assert describe_strategy("mine").about == about
    assert not {"odd_package", "odd_space"} & set(sys.modules)
    describe_http.cache_clear()


def test_file_is_described_like_a_module(tmp_path):
    """A file that cannot be read says nothing: to load it tells why."""
    path = tmp_path / "mine.py"
    docstring = '"""Mine.\n\nModel: threads. HTTP: 1.1, 2.\n"""'
    path.write_text(f"{docstring}\nimport absent_client\n", "utf-8")
    facts = describe_strategy(str(path))
    assert (facts.about, facts.library, facts.http) == ("Mine.", "absent-client", "1.1, 2")
    assert (facts.installed, facts.version) == (False, "")
    path.write_text("def (", "utf-8")
    assert describe_strategy(str(path)).about == ""


def test_unknown_one():
    """As everywhere."""
    with pytest.raises(UnknownNameError, match="did you mean 'requests-serial'"):
        describe_strategy("requests-seriel")


def test_coding_is_declared_in_the_docstring(tmp_path):
    """It shows beside the versions of HTTP; both are empty where nothing is said."""
    file = tmp_path / "own.py"
    file.write_text('"""One.\n\nModel: one thread. HTTP: 1.1.\nCoding: br, zstd.\n"""\n')
    assert describe_http(str(file)) == ("1.1", "br, zstd")
    assert describe_strategy(str(file)).http == "1.1, br, zstd"
    silent = tmp_path / "silent.py"
    silent.write_text('"""One."""\n')
    assert describe_http(str(silent)) == ("", "")


def test_people_sign_in_the_docstring_and_nobody_else_does(tmp_path):
    """None of ours is reviewed yet: a person signs by pull request."""
    path = tmp_path / "mine.py"
    path.write_text(
        '"""Mine.\n\nModel: threads. HTTP: 1.1.\nMaintainers: ana, ben.\nReviewed by: cleo d.\n"""',
        encoding="utf-8",
    )
    facts = describe_strategy(str(path))
    assert (facts.maintainers, facts.reviewed_by) == (("ana", "ben"), ("cleo d",))
    assert (facts.model, facts.http) == ("threads", "1.1")
    shipped = describe_strategy("aiohttp-gather")
    assert (shipped.maintainers, shipped.reviewed_by) == ((), ())


def test_distribution_of_each_module_is_the_one_that_python_names():
    """Though a session asks for few of them, and reads no more than their own files."""
    provided = {
        module: owners
        for module, owners in metadata.packages_distributions().items()
        if module.isidentifier() and module not in sys.stdlib_module_names
    }
    assert len(provided) > 50
    odd = {m: owners for m, owners in provided.items() if distribution_of(m) not in owners}
    assert odd == {}
    assert distribution_of("nobody_has_this") == "nobody-has-this"
