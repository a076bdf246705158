"""The look from inside, at environments that are built for real."""

from __future__ import annotations

import pytest

from crawlbench.environments.inspection import look_inside
from tests.environments.projects import built, write_project

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_cache")]

LOUD = """
import asyncio
import os

print("hello from the import")
os.write(1, b"and from C")


class Loop(asyncio.SelectorEventLoop):
    pass
"""
SETUP = "from setuptools import setup\nsetup(name='planted', version='3.0', packages=['planted'])\n"


def test_what_plug_ins_import_is_seen_although_they_print(tmp_path):
    project = write_project(tmp_path / "planted", code=LOUD, requires="cssselect")
    facts, _ = built(f"mine={project}")
    assert "planted" not in look_inside(facts, {}).imported
    found = look_inside(facts, {"EVENT_LOOP": ["planted:Loop"]})
    assert not found.plugins["EVENT_LOOP"]["planted:Loop"].trouble
    assert "planted" in found.imported
    assert "cssselect" not in found.imported
    assert found.requires["planted"] == ["cssselect"]


@pytest.mark.long
def test_checkout_is_called_what_was_installed(tmp_path):
    """Its name stands in code alone, which is not run to find it."""
    folder = tmp_path / "some folder"
    (folder / "planted").mkdir(parents=True)
    (folder / "planted" / "__init__.py").write_text("")
    (folder / "setup.py").write_text(SETUP)
    facts, _ = built(f"mine='{folder}'")
    assert facts.named == ("planted",)
    assert built(f"mine='{folder}'")[0] == facts
