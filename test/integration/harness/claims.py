# SPDX-License-Identifier: Apache-2.0
"""Several runs of pytest side by side, which together do each test once: whoever comes to a test first
takes it. So none of them is idle while another has work left.

EAB_CLAIMS  a directory that they share, empty at first. Without it a run does all of its tests."""

import hashlib
import os
from pathlib import Path

from _pytest.runner import runtestprotocol


def take(directory, name):
    """True for the first who asks for it."""
    claim = Path(directory) / hashlib.sha256(name.encode()).hexdigest()
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        return True
    except FileExistsError:
        return False


def pytest_runtest_protocol(item):
    directory = os.environ.get("EAB_CLAIMS")
    if directory is None:
        return None
    if take(directory, item.nodeid):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        # The next test may be somebody else's: everything is taken down after each.
        runtestprotocol(item, nextitem=None)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
