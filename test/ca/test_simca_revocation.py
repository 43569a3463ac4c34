# SPDX-License-Identifier: Apache-2.0
"""Revocation, a new key for an account, and its end, as RFC 8555 has them (7.6, 7.3.5, 7.3.6)."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from simulated_ca import jws as jose
from simulated_ca import mode
from tinyclient import Client, encoded

NAME = "www.test.example"


@pytest.fixture
def enter(make_ca):
    """A client with an account at a CA with these switches changed."""
    def make(switches=None, **changes):
        client = Client(make_ca(switches, **changes)).open()
        assert client.register().status == 201
        return client
    return make


def octets(client):
    """Of the last certificate, as revokeCert takes them."""
    return jose.encode(client.ca.certificates[-1].leaf.public_bytes(serialization.Encoding.DER))


def revoke(client, certificate, **more):
    return client.post(client.directory["revokeCert"], {"certificate": certificate, **more})


def stranger(client, key=None):
    """Somebody who has this key, or any, and no account."""
    made = Client(client.ca).open()
    made.key = key or made.key
    return made


def test_reasons(enter):
    client = enter()
    for reason in (0, 1, 3, 4, 5):
        client.certificate(NAME)
        assert revoke(client, octets(client), reason=reason).status == 200
        assert client.ca.certificates[-1].reason == reason
    client.certificate(NAME)
    assert revoke(client, octets(client)).status == 200
    assert revoke(client, octets(client), reason=4).kind() == "alreadyRevoked"
    assert client.ca.complaints() == []


def test_a_ca_may_refuse_reasons(enter):
    client = enter(mode("certinext").hurried().but(challenge_fate="valid", rsa_only=False))
    client.certificate(NAME)
    for refused in ({}, {"reason": 0}):
        answer = revoke(client, octets(client), **refused)
        assert (answer.status, answer.kind()) == (400, "badRevocationReason")
    assert revoke(client, octets(client), reason=5).status == 200
    client.ca.switches.revoke_again = "conflict"
    assert revoke(client, octets(client), reason=5).status == 409


def test_the_key_of_the_certificate_revokes_it_as_compromised(enter):
    client = enter()
    key = ec.generate_private_key(ec.SECP256R1())
    client.certificate(NAME, key=key)
    assert revoke(stranger(client), octets(client)).status == 403
    assert revoke(stranger(client, key), octets(client), reason=4).status == 200
    assert client.ca.certificates[-1].reason == 1
    assert client.ca.complaints() == []


def test_another_account_that_may_have_these_names_revokes_it(enter):
    client = enter(eab_reuse="allowed")
    client.certificate(NAME)
    other = stranger(client)
    other.register()
    assert revoke(other, octets(client)).kind() == "unauthorized"
    client.ca.validated.add((other.account, NAME))
    assert revoke(other, octets(client)).status == 200


@pytest.mark.parametrize("whose", ["account", "certificate"])
def test_only_one_kind_of_key_may_be_taken(enter, whose):
    client = enter(revoke_by=whose)
    key = ec.generate_private_key(ec.SECP256R1())
    client.certificate(NAME, key=key)
    ways = {"account": client, "certificate": stranger(client, key)}
    other = next(by for by in ways if by != whose)
    assert revoke(ways[other], octets(client), reason=1).status == 403
    assert revoke(ways[whose], octets(client), reason=1).status == 200


def test_the_window_of_a_revoked_certificate_is_over(enter):
    client = enter(renewal_info=True)
    client.certificate(NAME)
    revoke(client, octets(client), reason=4)
    url = f"{client.directory['renewalInfo']}/{client.ca.certificates[-1].ari_id()}"
    window = client.request("GET", url).json()["suggestedWindow"]
    assert window["start"] < window["end"] < client.ca.clock.datetime(-1200).isoformat()


def test_what_is_not_offered_is_not_in_the_directory(enter):
    client = enter(revoke_offered=False, key_change_offered=False)
    assert not {"revokeCert", "keyChange"} & set(client.directory)


# -- a new key ---------------------------------------------------------------------------------


def change_key(client, key, account=None):
    url, other = client.directory["keyChange"], stranger(client, key)
    return client.post(url, encoded(other.sign(
        {"alg": "ES256", "jwk": other.jwk, "url": url},
        encoded({"account": account or client.account, "oldKey": client.jwk}))))


def test_key_change(enter):
    client = enter()
    old, new = client.key, ec.generate_private_key(ec.SECP256R1())
    assert change_key(client, new).status == 200
    assert client.post(client.account).status == 400  # the old key is nobody's any more
    client.ca.rules.violations.clear()
    client.key = new
    assert client.post(client.account).json()["status"] == "valid"
    found = client.post(client.directory["newAccount"], {"onlyReturnExisting": True},
                        header={"by_key": True})
    assert (found.status, found.headers["Location"]) == (200, client.account)
    client.key = old
    lost = client.post(client.directory["newAccount"], {"onlyReturnExisting": True},
                       header={"by_key": True})
    assert lost.kind() == "accountDoesNotExist"
    assert client.ca.complaints() == []


def test_the_key_of_an_account_is_told_with_its_url(enter):
    client = enter(eab_reuse="allowed")
    other = stranger(client)
    other.register()
    answer = change_key(client, other.key)
    assert (answer.status, answer.headers["Location"]) == (409, other.account)
    answer = change_key(client, client.key)
    assert (answer.status, answer.headers["Location"]) == (409, client.account)


# -- the end of an account -----------------------------------------------------------------------


def test_everything_is_refused_after_deactivation(enter):
    client = enter()
    client.certificate(NAME)
    assert client.post(client.account, {"status": "deactivated"}).json()["status"] == "deactivated"
    for answer in (client.post(client.account), client.order(NAME), revoke(client, octets(client)),
                   change_key(client, ec.generate_private_key(ec.SECP256R1()))):
        assert (answer.status, answer.kind()) == (401, "unauthorized")
    assert not client.ca.certificates[-1].revoked
