# SPDX-License-Identifier: Apache-2.0
"""The simulated CA (test/ca) as an authority of the integration tests: the same questions as to
Pebble, and more."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ca"))

from simulated_ca import SimulatedCa, mode  # noqa: E402


class SimulatedAuthority(SimulatedCa):
    def __init__(self, directory, http_port, mode_name="plain", behaviours=(), kids=("kid-1",),
                 hurry=True, tls_port=None, resolver=None, host=None, **changes):
        switches = mode(mode_name, *behaviours)
        switches = (switches.hurried() if hurry else switches).but(**changes)
        directory.mkdir()
        super().__init__(switches, kids=kids, http_port=http_port, home=directory, tls_port=tls_port,
                         resolver=resolver, host=host)
        self.log = directory / "simulated-ca.log"
        # What a test expects of complaints(); everything else fails it.
        self.expected = {}

    @property
    def keys(self):
        return {kid: credential.text for kid, credential in self.credentials.items()}

    def resume(self):
        """It never pauses."""

    def registrations(self):
        return self.counts.requests["new-account"]

    def counted(self):
        """(accounts, orders, finalizes, certificates issued, and collected)"""
        return (self.counts.accounts, self.counts.orders, self.counts.finalizes, self.issued(),
                self.collected())

    def requests(self, kind):
        return self.counts.requests[kind]

    def stop(self):
        self.log.write_text(self.counts.text(200) + "\n")
        super().stop()

    def verdict(self):
        """What the client must not have done, in sentences."""
        found = self.complaints(**self.expected)
        return found and [*found, "the CA saw:", self.counts.text()]
