# SPDX-License-Identifier: Apache-2.0
"""Each challenge type with CAs that look closely, at the first certificate and at the renewal, and
CAs that validated the names before and suddenly ask."""

from pathlib import Path

import pytest

from harness import certificates
from harness.waiting import wait_until
from test_cas import NAME, SECOND, SOON, Stage

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
    assert stage.httpd.log.count("answered a tls-alpn-01 validation") == 12


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
