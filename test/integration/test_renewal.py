# SPDX-License-Identifier: Apache-2.0
"""A certificate is replaced in time, with the account that is there, by itself."""

import time

import pytest

from harness import certificates, clock

NAME = "www.test.example"


@pytest.mark.smoke
def test_renewed_although_the_key_of_the_account_binding_is_gone(world):
    httpd = world.httpd()
    ca = world.ca(httpd, validity=16)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.key_file.unlink()
    parent = httpd.parent()
    second = httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    (began, _), (_, ended) = certificates.validity(second), certificates.validity(first)
    assert certificates.validity(first)[0] < began < ended, "renewed before it was too late"
    assert ca.registrations() == 1
    assert ca.accounts() == 1
    assert httpd.parent() == parent, "a graceful restart, not a new httpd"
    assert second.public_key().public_numbers() != first.public_key().public_numbers()


def test_renewed_when_the_time_comes_that_the_status_tells(world):
    httpd = world.httpd()
    day = 24 * 3600
    ca = world.ca(httpd, validity=90 * day)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    entry = httpd.wait_for_status(NAME, lambda e: e["next"]["what"] == "renew", "a renewal")
    due = clock.parse(entry["next"]["at"])
    # Or within a day of it, where the CA suggests a time.
    latest = 61 if entry["suggestion"] else 60
    assert 59 * day < due - time.time() <= latest * day, "when a third of its life is left"
    httpd.stop()
    httpd.key_file.unlink()

    world.expect(r"acme_eab:warn\].*clock")  # the CA stays behind
    ahead = int(due - time.time() - 5)
    httpd.environment = clock.shifted(ahead)
    httpd.start()
    clock.expect_not_before(due, lambda: ca.orders() > 1, "the renewal", lambda: time.time() + ahead)
    httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    assert ca.accounts() == 1
    assert ca.registrations() == 1


def test_renew_before_is_obeyed(world):
    httpd = world.httpd()
    day = 24 * 3600
    # No renewal information, whose suggestion would come first.
    ca = world.simulated_ca(httpd, lifetime_days=90, renewal_info=False)
    httpd.configure(httpd.acme(ca, more="ACMERenewBefore 20d"), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    entry = httpd.wait_for_status(NAME, lambda e: e["next"]["what"] == "renew", "a renewal")
    days = (clock.parse(entry["next"]["at"]) - time.time()) / day
    assert 69 < days <= 70
    httpd.configure(httpd.acme(ca, more="ACMERenewBefore 50%"), httpd.site(NAME, managed=True))
    httpd.graceful()

    def at_half_life(entry):
        return 44 < (clock.parse(entry["next"]["at"]) - time.time()) / day <= 45
    httpd.wait_for_status(NAME, at_half_life, "a renewal at half of its life")
    assert ca.issued() == 1
