# SPDX-License-Identifier: Apache-2.0
"""Revocation, compromised keys, another key for an account, and its end: RFC 8555, 7.6, 7.3.5, 7.3.6."""

import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import certificates
from harness.acmectl import Acmectl
from harness.events import Receiver
from harness.waiting import wait_until

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ca"))

from tinyclient import Client  # noqa: E402

NAME = "www.test.example"


def serial(certificate):
    return f"{certificate.serial_number:x}"


def at_ca(ca, certificate):
    """What the simulated CA knows of it."""
    return next(c for c in ca.certificates if c.serial == certificate.serial_number)


def meta(httpd, generation):
    return json.loads((httpd.store.dir / "archive" / NAME / generation / "meta.json").read_text())


def answers(ca, kind="revoke"):
    """Who signed requests of that kind (accounts by URL, others by thumbprint), and what was answered."""
    return [(entry.signer, entry.status) for entry in ca.counts.of(kind)]


def public(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def site(world):
    """An httpd with a certificate of a simulated CA, and acmectl."""
    def make(*behaviours, more="", **switches):
        httpd = world.httpd()
        ca = world.simulated_ca(httpd, "plain", *behaviours, **switches)
        httpd.configure(httpd.acme(ca, more=more), httpd.site(NAME, managed=True))
        httpd.start()
        return httpd, ca, Acmectl(httpd), httpd.wait_for_certificate(NAME, ca)
    return make


def test_it_does_not_wait_for_tomorrow(site):
    """Though httpd is restarted for renewals once a day, and was a moment ago."""
    httpd, ca, acmectl, first = site(renewal_info=True)
    assert acmectl("renew", NAME, "--force", "--wait").code == 0
    second = httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    assert acmectl("revoke", NAME, "--reason", "superseded", "--yes").code == 0
    wait_until(lambda: at_ca(ca, second).revoked, 60, "the revocation")
    assert httpd.certificate(NAME).serial_number != second.serial_number


def test_revoked_when_another_one_is_served(site, world):
    httpd, ca, acmectl, first = site(renewal_info=True, more="ACMEReload live")
    for words, sentence in ((["revoke", NAME, "--yes"], "--reason"),
                            (["revoke", NAME, "--yes", "--reason", "privilegeWithdrawn"], "only a CA"),
                            (["revoke", NAME, "--yes", "--reason", "10"], "only a CA"),
                            (["revoke", NAME, "--yes", "--reason", "tuesday"], "no reason"),
                            (["revoke", NAME, "--reason", "4"], "--yes"),
                            (["revoke", "--yes", "--reason", "4"], "--serial"),
                            (["revoke", NAME, "--yes", "--reason", "4", "--key", "/x"], "--cert")):
        refused = acmectl(*words)
        assert refused.code == 2 and sentence in refused.err, (words, refused.err)
    for words in (["other.test.example"], ["--serial", "1234"]):
        unknown = acmectl("revoke", *words, "--yes", "--reason", "4")
        assert unknown.code == 4 and words[-1] in unknown.err
    assert ca.requests("revoke") == 0

    done = acmectl("revoke", NAME, "--reason", "superseded", "--yes", "--wait")
    assert done.code == 0, done.err
    assert "another one is ordered" in done.out and "revoked (superseded)" in done.out
    second = httpd.certificate(NAME)
    assert second.serial_number != first.serial_number
    assert at_ca(ca, first).revoked and at_ca(ca, first).reason == 4
    assert not at_ca(ca, second).revoked
    assert answers(ca) == [(ca.accounts[0].url, 200)]
    assert meta(httpd, "000001")["revoked"]["reason"] == 4
    assert meta(httpd, "000001")["revoked"]["by"]
    assert "revoked" not in meta(httpd, "000002")

    # Once more, by its serial number: revoked before is as good.
    again = acmectl("revoke", "--serial", serial(first).upper(), "--reason", "5", "--yes", "--wait",
                    "--json")
    assert again.code == 0, again.err
    assert again.json()["results"][0]["result"] == "revoked"
    assert [status for _, status in answers(ca)] == [200, 400]
    assert not list((httpd.store.dir / "revocations").iterdir())
    # A revoked one is not what is fallen back to, though it is the only other one.
    world.expect(r"cannot be used any more", r"no certificate|fullchain.pem")
    chain = httpd.store.live(NAME) / "fullchain.pem"
    chain.write_bytes(chain.read_bytes()[:200])
    httpd.graceful()
    third = httpd.wait_for_certificate(NAME, ca, other_than=second.serial_number)
    assert third.serial_number != first.serial_number


def test_compromised(site, world):
    told = Receiver(world.dir / "told", events="revoked,key-blocked")
    httpd, ca, acmectl, first = site(renewal_info=True, more=f"ACMEReload live\n{told.directive}")
    old_key = httpd.store.live(NAME).resolve() / "privkey.pem"
    spki = public(first.public_key())
    parent, workers = httpd.parent(), set(httpd.workers())
    done = acmectl("compromised", NAME, "--yes", "--wait")
    assert done.code == 0, done.err
    second = httpd.certificate(NAME)
    assert public(second.public_key()) != spki
    assert at_ca(ca, first).reason == 1
    # By the certificate's own key, so that the CA knows that this key is known.
    (signer, status), = answers(ca)
    assert status == 200 and not signer.startswith("https")
    assert spki in ca.blocked
    assert not old_key.exists()
    assert meta(httpd, "000001")["revoked"]["reason"] == 1
    blocked = [json.loads(line) for line in
               (httpd.store.dir / "blocked.jsonl").read_text().splitlines()]
    assert len(blocked) == 1 and blocked[0]["by"] and blocked[0]["at"]
    # Open sessions ended, though certificates come without a restart here.
    assert httpd.parent() == parent and not workers & set(httpd.workers())
    assert ca.counted()[0:2] == (1, 2)
    revoked = told.wait_for("revoked")
    assert told.told() == [("key-blocked", NAME), ("revoked", NAME)]
    assert revoked["reason"] == "keyCompromise" and revoked["generation"] == "000001"
    assert revoked["serial"] == told.event("key-blocked")["serial"]


def test_at_once_and_orders_that_fail(site, world):
    """The CA takes no account's signature, and no order for a while."""
    httpd, ca, acmectl, first = site("revoke-by-certificate-only", more="ACMEReload live")
    ca.accidents.problem("new-order", "serverInternal", status=500, times=50)
    refused = acmectl("revoke", NAME, "--reason", "4", "--now", "--yes", "--wait")
    assert refused.code == 1 and "may not revoke" in refused.err
    assert "ordered in its place all the same" in refused.out
    world.expect(r"is not revoked", r"acme_eab:error\]")
    done = acmectl("revoke", NAME, "--reason", "4", "--now", "--by-certificate-key", "--yes", "--wait")
    assert done.code == 0, done.err
    assert at_ca(ca, first).revoked and httpd.certificate(NAME).serial_number == first.serial_number
    entry = httpd.wait_for_status(NAME, lambda e: e["keys"][0]["revoked"], "the status to tell it")
    assert entry["keys"][0]["revoked"]["by"] and entry["grade"] == "down"
    assert "revoked" in acmectl("show", NAME).out
    ca.accidents.clear()
    acmectl("retry", NAME)
    second = httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    assert not at_ca(ca, second).revoked


def test_certificates_from_elsewhere(site, world):
    """Another client's, of which there is only the file, and its key."""
    httpd, ca, acmectl, _ = site("revoke-no-reason-zero", kids=("kid-1", "kid-2"))
    other, key = Client(ca).open(), ec.generate_private_key(ec.SECP256R1())
    other.register(binding=other.binding("kid-2"))
    ca.switches.challenge_fate = "valid"
    chain, key_file = world.dir / "chain.pem", world.dir / "key.pem"
    chain.write_bytes(other.certificate("other.test.example", key=key)[2].body)
    key_file.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    wrong = world.dir / "wrong.pem"
    wrong.write_bytes(certificates.make_self_signed([NAME])[1])
    refused = acmectl("revoke", "--cert", chain, "--key", wrong, "--reason", "1", "--yes")
    assert refused.code == 1 and "not the key" in refused.err
    world.expect(r"is not revoked", r"acme_eab:error\]")
    refused = acmectl("revoke", "--cert", chain, "--reason", "superseded", "--yes", "--wait")
    assert refused.code == 1 and "may not revoke" in refused.err
    refused = acmectl("revoke", "--cert", chain, "--key", key_file, "--reason", "0", "--yes", "--wait")
    assert refused.code == 1 and "1, 3, 4, 5" in refused.err
    done = acmectl("revoke", "--cert", chain, "--key", key_file, "--reason", "keycompromise", "--yes",
                   "--wait")
    assert done.code == 0, done.err
    assert ca.certificates[-1].reason == 1 and not ca.certificates[0].revoked
    assert not list((httpd.store.dir / "revocations").iterdir())


def test_another_key_for_the_account(site, world):
    httpd, ca, acmectl, first = site()
    account, url = ca.accounts[0], ca.accounts[0].url
    before, folder = account.thumbprint, next((httpd.store.dir / "accounts").glob("*/key.pem")).parent
    ca.accidents.cut_after("key-change")
    done = acmectl("account", "rollover", "default", "--wait")
    assert done.code == 0, done.err
    assert account.thumbprint != before and account.url == url
    assert not (folder / "key.next.pem").exists()
    # The same agent orders and validates with it.
    assert acmectl("renew", NAME, "--force").code == 0
    httpd.wait_for_issue(NAME, other_than=first.serial_number)
    assert not (folder / "key.old.pem").exists()
    assert ca.counted()[:2] == (1, 2)
    # So does the next one, and a CA that offers no keyChange changes nothing.
    world.expect(r"keeps its key")
    now = account.thumbprint
    ca.switches.key_change_offered = False
    httpd.stop()
    httpd.start()
    httpd.wait_for_agent()
    refused = acmectl("account", "rollover", "default", "--wait")
    assert refused.code == 1 and "keyChange" in refused.err
    assert account.thumbprint == now and not (folder / "key.next.pem").exists()
    second = httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    assert acmectl("renew", NAME, "--force").code == 0
    httpd.wait_for_issue(NAME, other_than=second.serial_number)
    assert ca.counted()[:2] == (1, 3)


def test_the_end_of_the_account(site, world):
    told = Receiver(world.dir / "told", events="account-deactivated")
    httpd, ca, acmectl, first = site(more=told.directive)
    refused = acmectl("account", "deactivate", "default", "--yes", "--wait")
    assert refused.code == 1 and NAME in refused.err and "--force" in refused.err
    world.expect(r"deactivated")
    ca.accidents.cut_after("account")
    done = acmectl("account", "deactivate", "default", "--yes", "--force", "--wait")
    assert done.code == 0, done.err
    assert ca.accounts[0].status == "deactivated"
    assert acmectl("--json", "account", "show", "default").json()["account"]["state"] != "valid"
    assert not list((httpd.store.dir / "accounts").glob("*/key*.pem"))
    record, = (httpd.store.dir / "accounts").glob("*.deactivated/account.json")
    assert json.loads(record.read_text())["closed"]
    # Nothing is registered anew by itself, also after a restart; the certificate is served on.
    assert told.wait_for("account-deactivated")["url"] == ca.accounts[0].url
    registrations = ca.registrations()
    httpd.graceful()
    httpd.wait_for_agent()
    status = wait_until(lambda: httpd.status()["accounts"][0].get("problem"), 20, "the problem")
    assert "deactivated" in status["detail"] and "acmectl" in status["detail"]
    assert httpd.certificate(NAME).serial_number == first.serial_number
    assert ca.registrations() == registrations and ca.counted()[0] == 1
    assert told.told() == [("account-deactivated", "")]
    # Its record is what keeps it from being registered: no leftover, and it goes when root says so.
    assert httpd.report()["leftovers"]["accounts"] == []
    assert "acmectl account forget default" in status["detail"]
    assert acmectl("account", "forget", "--yes", "default").code == 0
    assert not record.exists()


def test_the_end_of_an_account_of_the_ca_before(site, world):
    httpd, ca, acmectl, first = site()
    second = world.simulated_ca(httpd, "plain")
    now = [httpd.acme(second), httpd.site(NAME, managed=True)]
    httpd.configure(*now)
    httpd.graceful()
    httpd.wait_for_certificate(NAME, second, other_than=first.serial_number)
    left = httpd.wait_for_report(lambda report: report["leftovers"]["accounts"], "a leftover")
    name = left["leftovers"]["accounts"][0]["name"]
    assert acmectl("--json", "account").json()["leftovers"][0]["url"] == ca.accounts[0].url
    assert ca.accounts[0].url in acmectl("account", "show", name).out
    refused = acmectl("account", "deactivate", name, "--yes", "--wait")
    assert refused.code == 1 and "<ACMEAccount old>" in refused.err
    # Its section is enough, without the key; that of another server's account is nothing here.
    section = [f"ACMEServer {ca.url}", "ACMEEABKid kid-1", 'ACMEEABKey "file:/nowhere/eab.key"',
               f'ACMECACertificateFile "{ca.tls_certificate}"', "</ACMEAccount>"]
    foreign = ["<ACMEAccount foreign>", *section[:1], "ACMEEABKid kid-2", *section[2:]]
    httpd.configure(*now, "<ACMEAccount old>", *section, *foreign)
    code, said = httpd.check()
    assert code == 0 and "nowhere" not in said
    httpd.graceful()
    report = httpd.wait_for_report(lambda report: not report["leftovers"]["accounts"], "no leftover")
    assert [account["label"] for account in report["accounts"]] == ["default", "old"]
    done = acmectl("account", "deactivate", "old", "--yes", "--wait")
    assert done.code == 0, done.err
    assert [ca.accounts[0].status, second.accounts[0].status] == ["deactivated", "valid"]
    httpd.configure(*now)
    httpd.graceful()
    httpd.wait_for_report(lambda report: report["leftovers"]["accounts"], "its record alone")
    assert acmectl("account", "forget", f"{name}.deactivated", "--yes").code == 0
    assert (ca.counted()[0], ca.registrations(), second.registrations()) == (1, 1, 1)
