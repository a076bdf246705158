"""How a worker's end is told in a sentence."""

from __future__ import annotations

import pytest

from crawlbench.measure.lastwords import explain_exit

HANG = """Timeout (0:00:03)!
Thread 0x00007f (most recent call first):
  File "/lib/socket.py", line 718 in readinto
  File "/lib/http/client.py", line 281 in _read_status
"""


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (
            1,
            HANG,
            "hung: a value took more than 3 s (--timeout); it was at /lib/socket.py:718 (readinto)",
        ),
        (1, "Timeout (0:00:03)!\n", "hung: a value took more than 3 s (--timeout)"),
        (-9, "", "the worker was killed by SIGKILL"),
        (-11, "Fatal Python error", "the worker was killed by SIGSEGV"),
        (0, "", "the worker ended with exit code 0 before its values were taken"),
        (2, "", "the worker ended with exit code 2: it said nothing"),
        (
            1,
            "Traceback\n  ...\nImportError: no x\n",
            "the worker ended with exit code 1: ImportError: no x",
        ),
    ],
)
def test_end_is_told_in_a_sentence(code, words, sentence):
    """Exit code, signal and last words become what a person wants to know."""
    assert explain_exit(code, words, 3) == sentence
