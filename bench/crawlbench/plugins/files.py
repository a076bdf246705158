"""Loads plug-ins that are files or names of modules, not entry points (floor 1).

`-s ./my_strategy.py` takes `crawl` from that file, `-l package.module:factory` an event loop.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawlbench.base.children import INSTALLED_FIRST
from crawlbench.base.errors import BrokenPluginError, NotInstalledError, UsageError
from crawlbench.base.model import SiteSpec
from crawlbench.plugins.extras import how_to_get
from crawlbench.plugins.registry import describe_failure

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def load_strategy(path: str) -> Any:  # noqa: ANN401  (see `model.Crawl`)
    """Return the function `crawl` of a Python file.

    Raises:
        UsageError: there is no such file, or it has no function of that name.
        BrokenPluginError: it fails when it is imported.
        NotInstalledError: it needs a package that is not installed.
    """
    return _attribute(path, "crawl", "def crawl(site, concurrency)")


def load_parser(path: str) -> Any:  # noqa: ANN401  (a function of a SiteSpec)
    """Return the parser of a Python file: its function `compile_reader`.

    Raises:
        UsageError, BrokenPluginError, NotInstalledError: as for `load_strategy`.
    """
    return _attribute(path, "compile_reader", "def compile_reader(spec)")


def load_site(path: str) -> Any:  # noqa: ANN401  (a SiteSpec)
    """Return the site of a Python file: its `SITE`.

    Raises:
        UsageError, BrokenPluginError, NotInstalledError: as for `load_strategy`.
    """
    site = _attribute(path, "SITE", "SITE = SiteSpec(...)")
    if not isinstance(site, SiteSpec):
        return site
    return replace(site, content=hashlib.sha256(Path(path).read_bytes()).hexdigest())


def load_loop_factory(name: str) -> Any:  # noqa: ANN401  (a callable that returns a loop)
    """Return the factory of event loops that `module:factory` names; any importable module will do.

    Raises:
        UsageError: the module has no such attribute, or it cannot be called.
        BrokenPluginError: the module fails when it is imported.
        NotInstalledError: there is no such module.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            f"event loop {name!r} needs the module {error.name!r}, which is not here; "
            f"{how_to_get(error.name or module_name)}, or put its folder into PYTHONPATH"
        ) from error
    except (Exception, SystemExit) as error:
        raise _broken(f"event loop {name!r}", error) from error
    try:
        factory = attrgetter(attribute)(module)
    except AttributeError as error:
        raise UsageError(
            f"event loop {name!r}: {error}; give a function that returns a new loop, such as "
            "uvloop:new_event_loop"
        ) from error
    if not callable(factory):
        raise UsageError(
            f"event loop {name!r} is {factory!r}, which cannot be called; give a function that "
            "returns a new loop, such as uvloop:new_event_loop"
        )
    return factory


def _attribute(path: str, name: str, remedy: str) -> Any:  # noqa: ANN401
    module = _load_module(Path(path))
    if not hasattr(module, name):
        raise UsageError(f"{path} has no {name!r}; add: {remedy}")
    return getattr(module, name)


def _load_module(path: Path) -> ModuleType:
    """Import a file once; a second call returns the same module, as an import would.

    As for a script, modules beside the file are found, and the file sees a command line without
    arguments, because ours do not concern it.
    """
    spec = _find_spec(path)
    name = spec.name
    if name in sys.modules:
        return sys.modules[name]
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # Before it runs, as an import does it: dataclasses, for one, look their own module up.
    sys.modules[name] = module
    own_arguments, sys.argv = sys.argv, [str(path)]
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        del sys.modules[name]  # half of it is there: a second call must not find it
        raise NotInstalledError(
            f"{path} needs the module {error.name!r}, which is neither installed here nor beside "
            f"the file; {how_to_get(error.name or '')}"
        ) from error
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _broken(str(path), error) from error
    finally:
        sys.argv = own_arguments
    return module


def _find_spec(path: Path) -> ModuleSpec:
    """Return how to import a file, under its own name if that name leads to it.

    A process that it spawns imports it by that name, as it does to find a function of the file. It
    gets our `sys.path`.

    Raises:
        UsageError: there is no such file, or it is no module.
    """
    # With the path, since files in two folders may have the same name.
    digest = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
    name = f"crawlbench_file_{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise UsageError(f"there is no file {str(path)!r} to load a plug-in from")
    _let_siblings_be_found(str(path.absolute().parent))
    if name in sys.modules:  # something has taken the file's own name since
        return spec
    importlib.invalidate_caches()  # the file may be newer than the last look into its folder
    try:
        found = importlib.util.find_spec(path.stem) if "." not in path.stem else None
    except ValueError:  # a module of that name was made by hand
        found = None
    if found and found.origin and Path(found.origin).exists() and path.samefile(found.origin):
        return found
    return spec


def _let_siblings_be_found(folder: str) -> None:
    """Put a file's folder before what is installed, but after the standard library.

    A `queue.py` beside a strategy must not take the place of the module that we import ourselves.
    """
    if folder not in sys.path:
        installed = [i for i, entry in enumerate(sys.path) if entry.endswith("-packages")]
        is_last = INSTALLED_FIRST in os.environ or not installed
        sys.path.insert(len(sys.path) if is_last else installed[0], folder)


def _broken(what: str, error: BaseException) -> BrokenPluginError:
    return BrokenPluginError(f"{what} {describe_failure(error)}; fix it")
