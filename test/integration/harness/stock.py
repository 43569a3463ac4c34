# SPDX-License-Identifier: Apache-2.0
"""A Pebble that one test after the other uses, as long as none asks for another kind or ends it: making
its keys takes a quarter of the time of a test."""

import os
import shutil
import tempfile
import time
from pathlib import Path

from .ca import CertificateAuthority
from .ports import free_port


class Stock:
    def __init__(self):
        self.http_port = free_port()  # where it looks for answers to http-01
        self._dir = None
        self._ca = None

    def take(self):
        """The CA, running and with an empty log."""
        if self._ca is None:
            self._dir = Path(tempfile.mkdtemp(prefix="eab-test-ca-", dir="/tmp"))
            os.chmod(self._dir, 0o755)
            self._ca = CertificateAuthority(self._dir / "ca", self.http_port).start()
        self._ca.forget_log()
        return self._ca

    def owns(self, ca):
        return ca is self._ca

    def give_back(self, ca, directory):
        """Its log is left in a directory. One that was stopped meanwhile is not used again."""
        _await_rest(ca.log)
        directory.mkdir()
        shutil.copy(ca.log, directory)
        if not ca.is_untouched():
            self.end()

    def end(self):
        if self._ca is not None:
            self._ca.stop()
            shutil.rmtree(self._dir, ignore_errors=True)
            self._ca = None
            self.http_port = free_port()  # something of a test that failed may still be there


def _await_rest(log):
    """What was asked of it a moment ago may not have been written down."""
    end = time.monotonic() + 5
    before = -1
    while log.stat().st_size != before and time.monotonic() < end:
        before = log.stat().st_size
        time.sleep(0.05)
