# SPDX-License-Identifier: Apache-2.0
"""acmectl account rollover --new-account: another account in the place of one, of the same EAB key id."""

import json
import signal
import subprocess

import pytest

from harness.acmectl import Acmectl
from harness.waiting import wait_until

NAME = "www.test.example"
ROLL = ("account", "rollover", "default", "--new-account", "--wait")


@pytest.fixture
def site(world):
    """An httpd with a certificate of a CA that takes an EAB key as often as it is shown, and acmectl."""
    def make(*behaviours, **switches):
        httpd = world.httpd()
        ca = world.simulated_ca(httpd, "plain", *behaviours, **{"eab_reuse": "allowed", **switches})
        ca.expected["eab_twice"] = True
        httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
        httpd.start()
        httpd.wait_for_certificate(NAME, ca)
        httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "valid")
        return httpd, ca, Acmectl(httpd)
    return make


def is_used(httpd, account):
    """The status shows it."""
    return wait_until(lambda: httpd.report()["accounts"][0].get("url") == account.url, 60,
                      f"the account {account.url} to be used")


def accounts(httpd):
    return {path.parent.name: json.loads(path.read_text()).get("url")
            for path in (httpd.store.dir / "accounts").glob("*/account.json")}


def test_it_takes_the_place_of_the_one_before(site):
    httpd, ca, acmectl = site()
    first, = accounts(httpd).items()
    done = acmectl(*ROLL)
    assert done.code == 0 and "another account is in its place" in done.out, done.out + done.err
    shown = acmectl("--json", "account", "show", "default")  # at once, without a wait
    assert len(ca.accounts) == 2 and shown.json()["account"]["url"] == ca.accounts[1].url
    assert dict([first]).items() <= accounts(httpd).items() and len(accounts(httpd)) == 2
    # The certificate stays for the moment, and with it the one before is in use.
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "valid")
    assert httpd.report()["leftovers"]["accounts"] == [] and ca.issued() == 1
    # With the next one it is not; the CA is not told that this replaces one of another account.
    assert acmectl("renew", NAME, "--force", "--wait").code == 0
    assert ca.issued() == 2
    httpd.graceful()
    left, = httpd.wait_for_report(lambda r: r["leftovers"]["accounts"], "the first to be left over"
                                  )["leftovers"]["accounts"]
    assert (left["name"], left["url"]) == first
    assert acmectl("account", "forget", "--yes", first[0]).code == 0
    httpd.graceful()
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "valid")
    assert is_used(httpd, ca.accounts[1]) and len(ca.accounts) == 2


def test_the_one_before_can_be_deactivated(site, world):
    """At the CA, signed with its own key; the one that is used goes on."""
    httpd, ca, acmectl = site()
    before, = accounts(httpd)
    assert acmectl(*ROLL).code == 0
    refused = acmectl("account", "deactivate", "--yes", "--wait", before)
    assert refused.code == 1 and "renew it first, or say --force" in refused.err, refused.err
    assert ca.accounts[0].status == "valid"
    assert acmectl("renew", NAME, "--force", "--wait").code == 0
    httpd.graceful()
    httpd.wait_for_report(lambda r: r["leftovers"]["accounts"], "the first to be left over")
    ask = ("account", "deactivate", "--yes", "--wait", before)
    done = acmectl(*ask)
    assert done.code == 0 and "it is deactivated at the CA" in done.out, done.out + done.err
    assert [account.status for account in ca.accounts] == ["deactivated", "valid"]
    rows = acmectl("--plain", "account", "list", "--no-legend").rows()
    assert [(row[0], row[3]) for row in rows] == [("valid", ca.accounts[1].url)]
    folders = {path.name for path in (httpd.store.dir / "accounts").iterdir()}
    assert f"{before}.deactivated" in folders and before not in folders
    assert not list((httpd.store.dir / "accounts" / f"{before}.deactivated").glob("key*"))
    again = acmectl(*ask)
    assert again.code == 1 and "was deactivated before" in again.err
    httpd.graceful()
    assert acmectl("renew", NAME, "--force", "--wait").code == 0
    assert is_used(httpd, ca.accounts[1]) and len(ca.accounts) == 2
    assert httpd.report()["leftovers"]["accounts"] == []
    assert acmectl("account", "forget", "--yes", before).code == 0
    assert not (httpd.store.dir / "accounts" / f"{before}.deactivated").exists()


def generation(httpd, number):
    return json.loads((httpd.store.dir / "archive" / NAME / number / "meta.json").read_text())


def newest(httpd):
    return generation(httpd, "000002")


@pytest.mark.parametrize("text", ["", "x"])
def test_it_needs_the_eab_key_again(site, world, text):
    httpd, ca, acmectl = site()
    httpd.write_key(text)
    world.expect(r"EAB|ACMEEABKey")
    refused = acmectl(*ROLL)
    assert refused.code == 1 and "needs the EAB key again" in refused.err, refused.err
    assert len(ca.accounts) == 1 and len(accounts(httpd)) == 1


def test_what_the_ca_refuses_changes_nothing(site, world):
    httpd, ca, acmectl = site(eab_reuse="refused")
    before = accounts(httpd)
    world.expect(r"Account|account|keeper|EAB")
    refused = acmectl(*ROLL)
    assert refused.code == 1, refused.out
    wait_until(lambda: accounts(httpd) == before, 30, "the account before")
    assert httpd.wait_for_report(lambda r: r["accounts"][0]["state"] == "valid", "valid")
    assert is_used(httpd, ca.accounts[0])
    assert acmectl("renew", NAME, "--force", "--wait").code == 0


def test_a_keeper_that_is_killed_goes_on(site, world):
    """Whenever it is killed: at most one further account, and one is in use."""
    httpd, ca, acmectl = site()
    world.expect(r"keeper|agent|Account|account")
    asking = acmectl.begin(*ROLL)
    for _ in range(2):
        keeper = httpd.wait_for_keeper()
        keeper = getattr(keeper, "pid", keeper)
        subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(keeper)], check=True)
        httpd.wait_for_keeper(other_than=keeper)
    asking.communicate(timeout=90)
    wait_until(lambda: len(ca.accounts) == 2, 60, "another account")
    assert is_used(httpd, ca.accounts[1])


def test_renewed_with_another_account(site):
    httpd, ca, acmectl = site()
    done = acmectl("renew", NAME, "--force", "--new-account", "--wait")
    assert done.code == 0 and ca.issued() == 2, done.out + done.err
    assert len(ca.accounts) == 2 and is_used(httpd, ca.accounts[1])
    assert newest(httpd)["account"] not in (None, generation(httpd, "000001")["account"])


def test_compromised_and_another_account(site, world):
    httpd, ca, acmectl = site()
    world.expect(r"revoked|never used again")
    done = acmectl("compromised", NAME, "--yes", "--new-account", "--wait")
    assert done.code == 0, done.out + done.err
    assert len(ca.accounts) == 2 and is_used(httpd, ca.accounts[1])
    assert [certificate.revoked for certificate in ca.certificates] == [True, False]
    assert newest(httpd)["account"] != generation(httpd, "000001")["account"]


@pytest.mark.parametrize("act", [("renew", "--force"), ("compromised", "--yes")])
def test_nothing_is_ordered_without_it(site, world, act):
    httpd, ca, acmectl = site(eab_reuse="refused")
    world.expect(r"Account|account|keeper|EAB|never used again")
    refused = acmectl(*act, NAME, "--new-account", "--wait")
    assert refused.code == 1, refused.out
    if act[0] == "compromised":
        assert "The key is blocked" in refused.err and "Without --new-account" in refused.err
    assert ca.issued() == 1 and len(ca.accounts) == 1
    assert not any(certificate.revoked for certificate in ca.certificates)
