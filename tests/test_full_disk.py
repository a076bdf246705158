"""A disk that is full at any moment of a session costs a sentence and 4, and nothing measured.

A limit on the size of files stands for the disk: the system refuses to write on in the same way.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.measure.store import load_session
from tests.conftest import command_line
from tests.measure.test_store import finished, write

pytestmark = pytest.mark.slow

resource = pytest.importorskip("resource")
PUBLISHED = """
import resource, sys
from pathlib import Path
from crawlbench.cli.measuring import exit_code, publish
from crawlbench.measure.store import load_session

folder, most = Path(sys.argv[1]), int(sys.argv[2])
session = load_session(folder)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
sys.exit(exit_code(session, is_published=publish(session, folder)))
"""
SUITE = """
networks = ["loopback"]
strategies = ["http-client-threads"]
baseline = "http-client-threads"
rounds = 2
laps = 1
min_time_s = 0.01
lap_time_s = 0.01
"""


@pytest.mark.parametrize(
    ("most", "missing"),
    [
        (1_000, ["table.md", "report.html"]),
        pytest.param(100_000, ["report.html"], marks=pytest.mark.long),
    ],
)
def test_disk_that_is_full_at_the_end_is_told(tmp_path, most, missing):
    """What shows the session is missing, each file with its reason, and the session is there."""
    pytest.importorskip("vl_convert")
    folder = write(tmp_path, finished())
    call = [sys.executable, "-c", PUBLISHED, str(folder), str(most)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4, done.stderr
    told = [line for line in done.stderr.splitlines() if "File too large" in line]
    assert len(told) == len(missing)
    assert not [name for name in missing if (folder / name).exists()]
    assert load_session(folder).rounds


@pytest.mark.long
@pytest.mark.parametrize("most", [0, 300, 2_000])
def test_disk_that_is_full_on_the_way_is_told(tmp_path, most):
    """Wherever it happens: what the folder holds then is nothing, or a session."""
    suite, folder = tmp_path / "small.toml", tmp_path / "session"
    suite.write_text(SUITE)
    call = command_line("run", suite, "-q", "-o", folder, capture_output=True, timeout=110)
    limit = resource.RLIMIT_FSIZE, (most, most)
    call["env"] |= {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(tmp_path)}
    done = subprocess.run(**call, preexec_fn=lambda: resource.setrlimit(*limit), check=False)
    assert done.returncode in {2, 4}, done.stderr
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("crawlbench: ")]
    if (folder / "session.json").exists():
        assert load_session(folder)
    elif folder.exists():
        with pytest.raises(UsageError, match=os.fspath(folder)):
            load_session(folder)
