# SPDX-License-Identifier: Apache-2.0
"""Each challenge type with CAs that look closely, at the first certificate and at the renewal, and
CAs that validated the names before and suddenly ask."""

from pathlib import Path

import pytest

from harness import certificates
from harness.waiting import wait_until
from test_cas import NAME, SECOND, SOON, Stage

THIRD = "third.test.example"
EXAMPLE = Path(__file__).parents[2] / "conf" / "nsupdate-dns-command"


def issue_and_renew(stage, more):
    stage.start(NAME, SECOND, more=more)
    first = stage.issued()
    fetches = stage.ca.counts.fetches
    assert fetches == 2 * stage.ca.switches.perspectives
    stage.httpd.wait_for_certificate(NAME, stage.ca)
    stage.later(stage.until_renewal() + 60)
    stage.issued(other_than=first)
    assert stage.ca.counts.fetches == 2 * fetches
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


@pytest.mark.parametrize("key_types", ["rsa2048", "p256"])
def test_tls_alpn_01(world, key_types):
    stage = Stage(world, "letsencrypt")
    issue_and_renew(stage, f"ACMEChallenge tls-alpn-01\nACMEKeyType {key_types}")
    assert stage.httpd.log.count(r":info\].*asked this server to prove") == 4, "not one for each of three places"


@pytest.mark.parametrize("mode", ["zerossl", "letsencrypt"])
def test_dns_01(world, mode):
    nameserver = world.nameserver()
    stage = Stage(world, mode, resolver=("127.0.0.1", nameserver.port))
    # The name server lives in the present, and signed updates of another time are refused.
    command = stage.httpd.dir / "dns-command"
    command.write_text("#!/bin/sh\nunset LD_PRELOAD\n"
                       f'exec "{EXAMPLE}" -k "{nameserver.key}" -s 127.0.0.1 '
                       f'-p {nameserver.port} "$@"\n')
    command.chmod(0o700)
    issue_and_renew(stage, f'ACMEChallenge dns-01\nACMEDNSCommand "{command}"')
    wait_until(lambda: nameserver.records(NAME) == [], 10, "the records to go")


def test_a_wrong_answer_to_tls_alpn_01_is_told(world):
    """Another server has port 443 of that name."""
    other = world.httpd()
    other.configure(other.site(NAME, more=f'SSLCertificateFile "{other.dir}/pair.pem"'))
    write_pair(other.dir / "pair.pem")
    other.start()
    stage = Stage(world, "letsencrypt").expect_trouble()
    stage.ca.tls_port = other.https
    stage.start(more="ACMEChallenge tls-alpn-01")
    problem = stage.problem(":tls", SOON)
    assert NAME in problem["advice"] and "443" in problem["advice"]


def write_pair(path):
    path.write_bytes(b"".join(certificates.make_self_signed([NAME])))


# -- validated before, and not any more -------------------------------------------------------------


def lapse(stage, *lost):
    """The CA forgets the validation of these names; the renewal comes."""
    stage.expect_trouble()
    account = stage.ca.accounts[0].url
    stage.ca.validated |= {(account, name) for name in (NAME, SECOND, THIRD) if name not in lost}
    stage.ca.switches.prevalidated = False
    stage.later(stage.until_renewal() + 60)


@pytest.mark.parametrize("lost", [NAME, SECOND])
def test_a_name_of_several_lost_its_validation(world, lost):
    stage = Stage(world, prevalidated=True).start(NAME, SECOND, THIRD, more="ACMEChallenge none")
    first = stage.issued()
    lapse(stage, lost)
    problem = stage.problem(":validationLapsed", SOON)
    assert f"The validation of {lost} has lapsed" in problem["advice"]
    assert "ACMEChallenge" in problem["advice"]
    others = {NAME, SECOND, THIRD} - {lost}
    assert not any(name in problem["advice"] + problem["detail"] for name in others)
    assert stage.httpd.certificate(NAME).serial_number == first.serial_number
    assert stage.ca.requests("challenge") == 0
    page = stage.httpd.get("localhost", "/acme-status").body.decode()
    assert f"The validation of {lost} has lapsed" in page
    stage.ca.switches.prevalidated = True
    stage.ca.expected = {"repeated_orders": 1}  # the first one waits for a proof
    stage.later(300)
    stage.issued(other_than=first)


def test_a_name_that_was_never_validated_has_not_lapsed(world):
    stage = Stage(world).expect_trouble().start(more="ACMEChallenge none")
    problem = stage.problem(":noChallenge", SOON)
    assert NAME in problem["advice"] and "lapsed" not in problem["advice"]


@pytest.mark.parametrize("form, part", [("lacks-authorization", ":unauthorized"),
                                        ("not-linked", ":rejectedIdentifier")])
def test_a_refusal_that_names_nobody(world, form, part):
    """The advice has the first names of the certificate, and how many there are more."""
    names = [NAME, SECOND, THIRD, "d.test.example", "e.test.example"]
    stage = Stage(world, prevalidated=True).start(*names, more="ACMEChallenge none")
    stage.issued()
    stage.expect_trouble()
    stage.ca.switches.foreign_form = form
    stage.ca.switches.foreign_names = ("e.test.example",)
    stage.later(stage.until_renewal() + 60)
    problem = stage.problem(part, (0.4, 24 * 60 * 1.15))
    assert f"{NAME}, {SECOND}, {THIRD} and 2 more" in problem["advice"]
