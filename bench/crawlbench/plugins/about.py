"""What a strategy consists of, read from its file without importing it (floor 1).

The docstring of a strategy's module ends in a line such as `Model: threads. HTTP: 1.1.`; its
library is the first import that is not Python's own.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import platform
import re
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Collection

STANDARD_LIBRARY = "standard library"

_FACTS = re.compile(r"\bModel: (?P<model>[^.]+)\. HTTP: (?P<http>[\d., ]+?)\.?$", re.MULTILINE)
_PEOPLE = re.compile(r"^(?P<what>Maintainers|Reviewed by): (?P<who>.+?)\.?$", re.MULTILINE)
_CODING = re.compile(r"\bCoding: (?P<coding>[a-z, ]+)\.")


@dataclass(frozen=True, slots=True)
class StrategyFacts:
    """What people ask first about a contestant."""

    name: str
    about: str
    """First line of the module's docstring."""
    library: str
    """Distribution on the package index, or `standard library`."""
    version: str
    """Version of the library; Python's own for the standard library; empty if not installed."""
    licence: str
    """As the distribution states it; empty if it does not or is not installed."""
    model: str
    """How it is concurrent; empty if the module does not say."""
    http: str
    """HTTP versions that it can speak, and codings that it asks for besides gzip; empty if the
    module does not say."""
    installed: bool
    parser: str = ""
    """What parses HTTP/1.1 in it; empty if nobody has told us."""
    tls: str = ""
    """What speaks TLS in it; empty if nobody has told us."""
    maintainers: tuple[str, ...] = ()
    """Who is responsible for the file, from its docstring: `Maintainers: ana, ben.`"""
    reviewed_by: tuple[str, ...] = ()
    """Authors of the library who have approved of its use: `Reviewed by: cleo.` A person signs here
    by pull request; nobody is put here by others."""


class LibraryFacts(msgspec.Struct, frozen=True):
    """What a library uses to parse HTTP and to speak TLS, and how we use the library."""

    parser: str = ""
    tls: str = ""
    answer: str = ""
    """What its author should know: which interface is used, what was tuned, what is inside the
    clock."""


@cache
def describe_libraries() -> dict[str, LibraryFacts]:
    """Return what we know about libraries, by distribution; others are missing."""
    text = (Path(__file__).parent.parent / "strategies" / "libraries.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, LibraryFacts])


def describe_strategy(name: str) -> StrategyFacts:
    """Return the facts of a registered strategy.

    Raises:
        UnknownNameError: no strategy has this name.
    """
    tree = _parse_plugin(registry.Kind.STRATEGY, name)
    docstring = ast.get_docstring(tree) or ""
    found = _FACTS.search(docstring)
    module = _library_module(tree, name, {"lxml"})  # what reads pages is not the client
    library, version, licence = _distribution(module)
    facts = describe_libraries().get(library, LibraryFacts())
    people = {one["what"]: _names_in(one["who"]) for one in _PEOPLE.finditer(docstring)}
    return StrategyFacts(
        name=name,
        about=docstring.partition("\n")[0],
        library=library,
        version=version,
        licence=licence,
        model=found["model"] if found else "",
        http=", ".join(filter(None, describe_http(name))),
        installed=all(_is_installed(name) for name in _imports(tree)),
        parser=facts.parser,
        tls=facts.tls,
        maintainers=people.get("Maintainers", ()),
        reviewed_by=people.get("Reviewed by", ()),
    )


def _names_in(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


@cache
def describe_http(name: str) -> tuple[str, str]:
    """Return what a strategy's docstring says about its HTTP: versions, and codings except gzip.

    Either is empty if it does not say.

    Raises:
        UnknownNameError: no strategy has this name.
    """
    docstring = ast.get_docstring(_parse_plugin(registry.Kind.STRATEGY, name)) or ""
    http, coding = _FACTS.search(docstring), _CODING.search(docstring)
    return http["http"] if http else "", coding["coding"] if coding else ""


def describe_python() -> str:
    """Return implementation and version of this Python; a build without the GIL says so."""
    is_free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{version} free-threaded" if is_free else version


def imported_modules(kind: registry.Kind, name: str) -> list[str]:
    """Return the top-level modules that a plug-in's file imports, except Python's and ours.

    Raises:
        UnknownNameError: no plug-in has this name.
    """
    return [module for module in _imports(_parse_plugin(kind, name)) if module != "crawlbench"]


def distribution_of(module: str) -> str:
    """Return the distribution that provides a module, or its probable name if none does."""
    return _distribution(module)[0]


def digest_of_code(kind: registry.Kind, name: str) -> str:
    """Return the SHA-256 of the file that a plug-in is in; empty if it cannot be read.

    Raises:
        UnknownNameError: no plug-in has this name.
    """
    text = _read_plugin(kind, name)
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _read_plugin(kind: registry.Kind, name: str) -> str:
    """Return the text of a plug-in's file, empty if it cannot be read: importing it shows why."""
    point = registry.find(kind, name)
    # Strategies and parsers of a family are files, and their names are paths.
    path = Path(name) if "*" in point.name else _find_module(point.module)
    try:
        return path.read_text(encoding="utf-8") if path else ""
    except (OSError, ValueError):
        return ""


def _find_module(module: str) -> Path | None:
    """Return a module's file; None if there is none, or only its package could say where."""
    package, *inner = module.split(".")
    try:
        spec = importlib.util.find_spec(package)
        for name in inner:  # at once, Python would import the package
            folders = (spec and spec.submodule_search_locations) or ()
            spec = spec and PathFinder.find_spec(f"{spec.name}.{name}", folders)
    except (ImportError, ValueError, KeyError):  # the last for a namespace within a namespace
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _parse_plugin(kind: registry.Kind, name: str) -> ast.Module:
    """Return the syntax tree of a plug-in's file, empty if it has none."""
    try:
        return ast.parse(_read_plugin(kind, name))
    except (ValueError, SyntaxError):
        return ast.parse("")


def _imports(tree: ast.Module) -> list[str]:
    """Return the top-level modules that a file imports anywhere, without Python's own."""
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(dict.fromkeys(alias.name.partition(".")[0] for alias in node.names))
        # What is imported with a leading dot is a sibling, and no library.
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names[node.module.partition(".")[0]] = None
    return [name for name in names if name not in sys.stdlib_module_names]


def find_parser_library(name: str) -> str:
    """Return the distribution that a registered parser is made of; empty if Python alone.

    Raises:
        UnknownNameError: no parser has this name.
    """
    module = _library_module(_parse_plugin(registry.Kind.PARSER, name), name)
    return _distribution(module)[0] if module else ""


def _library_module(tree: ast.Module, plugin: str, others: Collection[str] = ()) -> str | None:
    """Return the module that a plug-in is about: the one that it is named after, else the first.

    Args:
        tree: the plug-in's syntax tree.
        plugin: the plug-in's name.
        others: modules that it may use besides that one.
    """
    names = [name for name in _imports(tree) if name not in {"crawlbench", *others}]
    # A strategy that starts cold is named after the client that it starts.
    stem = Path(plugin).stem.replace("-", "_").removeprefix("cold_")
    # Up to a `_`, or a module would be taken for another whose name begins like its own.
    named = [name for name in names if f"{stem}_".startswith(f"{name.lower()}_")]
    return max(named, key=len) if named else names[0] if names else None


def _is_installed(module: str) -> bool:
    return module in sys.modules or importlib.util.find_spec(module) is not None


def _distribution(module: str | None) -> tuple[str, str, str]:
    """Return name, version and licence of the distribution that provides a module."""
    if module is None:
        return STANDARD_LIBRARY, sys.version.partition(" ")[0], "PSF-2.0"
    distribution = _find_distribution(module)
    if distribution is None:
        return module.replace("_", "-"), "", ""
    about: dict[str, Any] = distribution.metadata.json
    licence = _licence(about) or _first_line(distribution, about.get("license_file", []))
    return about["name"], about["version"], licence


def _licence(about: dict[str, Any]) -> str:
    """Return the licence in a few words: the expression, else the classifier, else the text."""
    expression: str = about.get("license_expression", "")
    if expression:
        return expression
    classifier: str
    for classifier in about.get("classifier", []):
        if classifier.startswith("License :: "):
            return classifier.rpartition(" :: ")[2].removesuffix(" License")
    # Some distributions have the whole text of the licence here.
    text: str = about.get("license", "")
    return text.strip().partition("\n")[0][:40]


def _first_line(distribution: metadata.Distribution, files: str | list[str]) -> str:
    """Return the title of a licence's file, such as `MIT License`; empty if there is none."""
    for file in [files] if isinstance(files, str) else files:
        # Since PEP 639 wheels have a folder for licences; before, they lay beside the metadata.
        text = distribution.read_text(f"licenses/{file}") or distribution.read_text(file) or ""
        title = text.strip().partition("\n")[0].strip()
        if title:
            return title.removesuffix(" License")[:40]
    return ""


@cache
def _find_distribution(module: str) -> metadata.Distribution | None:
    """Return the distribution that provides a module, or None.

    Most distributions have the name of their module, so that name is tried first: reading what each
    installed distribution provides takes a third of a second, and every session asks.
    """
    if module in sys.stdlib_module_names:
        return None
    with suppress(metadata.PackageNotFoundError, ValueError):
        namesake = metadata.distribution(module)
        # A distribution may have the name of somebody else's module.
        if _provides(namesake, module):
            return namesake
    names = _distributions().get(module)
    return metadata.distribution(names[0]) if names else None


def _provides(distribution: metadata.Distribution, module: str) -> bool:
    """Return whether a distribution has a module; one without code only links to it, so it does."""
    files = [file for file in distribution.files or () if file.suffix in {".py", ".so", ".pyd"}]
    return not files or any(file.parts[0].partition(".")[0] == module for file in files)


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())
