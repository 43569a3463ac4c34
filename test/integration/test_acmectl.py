# SPDX-License-Identifier: Apache-2.0
"""acmectl: what root asks of the keeper, and what comes of it."""

from harness.acmectl import Acmectl

NAME = "www.test.example"


def test_renew(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    acmectl = Acmectl(httpd)
    done = acmectl("renew", NAME)
    assert done.code == 1
    assert "--force" in done.err
    done = acmectl("renew", NAME, "--force", "--wait")
    print(done.out, done.err)
    assert done.code == 0
    second = httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    assert ca.accounts() == 1
    assert ca.registrations() == 1
