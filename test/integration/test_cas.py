# SPDX-License-Identifier: Apache-2.0
"""CAs as they really are: each behaviour on record, towards the real module. The simulated CA judges
every request, and that nothing was issued in vain, ordered twice or bound twice."""

import time

import pytest

from harness import certificates, clock
from harness.waiting import wait_until

NAME = "www.test.example"
SECOND = "second.test.example"
DAY = 86400

MODES = ("sectigo-public", "sectigo-universal", "certinext", "zerossl", "harica", "letsencrypt")


def start(world, ca, httpd, names=(NAME,), more=""):
    httpd.configure(httpd.acme(ca, more=more),
                    *([f"ACMEManagedDomain {' '.join(names)}"] if len(names) > 1 else []),
                    httpd.site(names[0], aliases=names[1:], managed=len(names) == 1))
    httpd.start()


def issued(httpd, ca, name=NAME, other_than=None, seconds=30):
    """Wait until the newest certificate of the CA is in the store; return it."""
    def found():
        certificate = httpd.store.certificate(name)
        serials = [c.serial for c in ca.certificates]
        if certificate is None or certificate.serial_number not in serials:
            return None
        return certificate if certificate.serial_number != other_than else None
    try:
        return wait_until(found, seconds, f"a certificate for {name} in the store")
    except AssertionError as error:
        raise AssertionError(f"{error}: {httpd.status()}\n{ca.counts.text()}") from None


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_issues_and_renews(world, mode):
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, mode)
    start(world, ca, httpd)
    first = issued(httpd, ca)
    httpd.wait_for_certificate(NAME, ca)
    assert ca.counted() == (1, 1, 1, 1, 1)
    assert ca.registrations() == 1
    entry = httpd.wait_for_status(NAME, lambda e: e["next"]["what"] == "renew", "a renewal")
    ahead = clock.parse(entry["next"]["at"]) - time.time() - 2
    httpd.stop()
    httpd.key_file.unlink()
    ca.clock.advance(ahead)
    httpd.environment = clock.shifted(ahead)
    httpd.start()
    issued(httpd, ca, other_than=first.serial_number)
    assert ca.counted() == (1, 2, 2, 2, 2)
    assert ca.registrations() == 1
