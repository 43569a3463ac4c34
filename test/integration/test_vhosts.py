# SPDX-License-Identifier: Apache-2.0
"""Certificates, vhosts and accounts in all combinations."""

import re

import pytest

from harness import certificates

NAME = "www.test.example"
OTHER = "mail.test.example"


def configured_paths(httpd, name):
    """The paths that mod_ssl said it took for a vhost, last first."""
    lines = httpd.log.lines(rf"AH02568: Certificate and private key {re.escape(name)}:")
    return [line.split("configured from ")[1] for line in reversed(lines)]


def test_two_vhosts_share_one_certificate_and_its_path(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), f"ACMEManagedDomain {NAME} {OTHER}",
                    httpd.site(NAME), httpd.site(OTHER))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    second = httpd.wait_for_certificate(OTHER, ca)
    assert first.serial_number == second.serial_number
    assert ca.issued() == 1
    assert configured_paths(httpd, NAME)[0] == configured_paths(httpd, OTHER)[0]


def test_names_meet_regardless_of_case(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), "ACMEManagedDomain Www.Test.Example MAIL.test.example",
                    httpd.site("WWW.test.EXAMPLE", aliases=["Mail.Test.Example"]))
    httpd.start()
    served = httpd.wait_for_certificate(NAME, ca)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]


def test_a_vhost_can_have_its_own_names_managed(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, aliases=[OTHER], managed=True))
    httpd.start()
    served = httpd.wait_for_certificate(NAME, ca)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]


def test_two_certificates_with_one_account(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True),
                    httpd.site(OTHER, managed=True))
    httpd.start()
    httpd.wait_for_issue(NAME)
    httpd.take_up(OTHER, ca)
    serials = {httpd.certificate(name).serial_number for name in (NAME, OTHER)}
    assert len(serials) == 2
    assert ca.registrations() == 1
    assert (ca.accounts(), ca.orders(), ca.issued()) == (1, 2, 2)
    assert len(httpd.status()["accounts"]) == 1


@pytest.mark.smoke
def test_two_key_ids_are_two_accounts(world):
    httpd = world.httpd()
    ca = world.ca(httpd, kids=("kid-1", "kid-2"))
    second_key = httpd.dir / "second.key"
    second_key.touch(0o600)
    second_key.write_text(ca.keys["kid-2"])
    httpd.configure(
        httpd.acme(ca), httpd.site(NAME, managed=True),
        httpd.site(OTHER, managed=True,
                   more=f'ACMEEABKid kid-2\nACMEEABKey "file:{second_key}"\nACMEKeyType p256'))
    httpd.start()
    httpd.wait_for_issue(NAME)
    served = httpd.take_up(OTHER, ca)
    assert served.public_key().key_size == 256, "the vhost's own key type counts"
    assert (ca.accounts(), ca.registrations(), ca.issued()) == (2, 2, 2)
    for kid in ("kid-1", "kid-2"):
        assert ca.count(f'newAccount Binding with CA using kid "{kid}"') == 1
    accounts = httpd.status()["accounts"]
    assert len({account["kid_sha256"] for account in accounts}) == 2
    assert len({account["url"] for account in accounts}) == 2
    assert len({entry["account"] for entry in httpd.status()["certificates"]}) == 2
    assert len(httpd.store.bound_accounts()) == 2


def test_a_vhost_can_use_another_ca(world):
    httpd = world.httpd()
    first, second = world.ca(httpd), world.ca(httpd, kids=("other-kid",))
    second_key = httpd.dir / "second.key"
    second_key.touch(0o600)
    second_key.write_text(second.keys["other-kid"])
    override = (f'ACMEServer {second.url}\nACMECACertificateFile "{second.tls_certificate}"\n'
                f'ACMEEABKid other-kid\nACMEEABKey "file:{second_key}"\n'
                "ACMEContact other@test.example")
    httpd.configure(httpd.acme(first), httpd.site(NAME, managed=True),
                    httpd.site(OTHER, managed=True, more=override))
    httpd.start()
    httpd.wait_for_issue(NAME)
    httpd.take_up(OTHER, second)
    httpd.wait_for_certificate(NAME, first)
    assert (first.issued(), second.issued()) == (1, 1)
    assert (first.accounts(), second.accounts()) == (1, 1)


def test_another_key_id_is_another_account_and_a_new_certificate(world):
    httpd = world.httpd()
    ca = world.ca(httpd, kids=("kid-1", "kid-2"))
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.configure(httpd.acme(ca, kid="kid-2"), httpd.site(NAME, managed=True))
    httpd.graceful()
    httpd.take_up(NAME, ca, other_than=first.serial_number)
    assert (ca.accounts(), ca.issued()) == (2, 2)


def test_a_name_more_is_a_new_certificate_and_the_old_one_serves_meanwhile(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, aliases=[OTHER], managed=True))
    root = ca.root()
    ca.pause()
    httpd.graceful()
    assert httpd.certificate(NAME).serial_number == first.serial_number
    assert httpd.get_tls(NAME, trust=root).status == 200
    ca.resume()
    served = httpd.take_up(NAME, ca, other_than=first.serial_number)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]
    assert ca.accounts() == 1
