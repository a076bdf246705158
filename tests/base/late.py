"""A process that does not get ready, for `test_nursery.py`."""

import time

time.sleep(600)
