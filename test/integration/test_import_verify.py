# SPDX-License-Identifier: Apache-2.0
"""acmectl import --verify: an account is imported if its CA knows it, and else not (RFC 8555, 7.3.1)."""

import base64
import json
import os

import pytest

from harness.acmectl import Acmectl

NAME = "www.test.example"


class Client:
    """What dehydrated would have left of the account that httpd has registered."""

    def __init__(self, httpd, ca):
        [record] = (httpd.store.dir / "accounts").iterdir()
        self.url = httpd.store.bound_accounts()[0]["url"]
        self.dir = httpd.dir / "dehydrated"
        name = base64.urlsafe_b64encode(f"{ca.url}\n".encode()).decode().rstrip("=")
        self.account = self.dir / "accounts" / name
        self.account.mkdir(parents=True)
        (self.account / "account_key.pem").write_bytes((record / "key.pem").read_bytes())
        pair = self.dir / "certs" / NAME
        pair.mkdir(parents=True)
        for name in ("privkey.pem", "fullchain.pem"):
            (pair / name).write_bytes((httpd.store.dir / "live" / NAME / name).read_bytes())
        (self.dir / "config").write_text('EAB_KID="kid-1"\n')
        self.say(self.url)
        for path in self.dir.rglob("*"):
            os.chmod(path, 0o700 if path.is_dir() else 0o600)

    def say(self, url):
        (self.account / "account_id.json").write_text(json.dumps({"url": url} if url else {}))
        os.chmod(self.account / "account_id.json", 0o600)


@pytest.fixture
def left(world):
    """(import --verify into an empty store, the CA, what the client has left, that store)"""
    httpd, other = world.httpd(), world.httpd()
    ca = world.simulated_ca(httpd, "plain")
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.stop()
    client = Client(httpd, ca)

    def verify(*more):
        done = Acmectl(other)("import", "dehydrated", client.dir, "--verify", "--ca-certificate",
                              ca.tls_certificate, *more)
        assert ca.counts.accounts == 1  # and none came of that
        assert not list(other.dir.glob("*-import"))
        return done
    return verify, ca, client, other.store


def test_one_that_the_ca_knows(left):
    verify, ca, client, store = left
    asked = verify("--dry-run")
    assert asked.code == 0 and "2 would be imported" in asked.out, asked.out + asked.err
    assert not store.dir.exists()
    done = verify("--json")
    assert done.code == 0 and done.json()["results"][0]["result"] == "imported"
    assert [account["url"] for account in store.bound_accounts()] == [client.url]
    again = verify()
    assert again.code == 0 and "kept" in again.out


def test_an_account_url_that_was_not_told_is_asked_for(left):
    verify, ca, client, store = left
    client.say(None)
    done = verify()
    assert done.code == 0 and "2 imported" in done.out, done.out + done.err
    assert [account["url"] for account in store.bound_accounts()] == [client.url]


@pytest.mark.parametrize("fate, sentence", [
    ("deactivated", "does not let it be used any more"),
    ("forgotten", "does not know its key"),
    ("another", "knows its key by another account URL"),
    ("shy", "wants the EAB key even to look an account up"),
    ("gone", "does not vouch for it"),
])
def test_one_that_it_does_not_know_is_refused(left, fate, sentence):
    verify, ca, client, store = left
    if fate == "deactivated":
        ca.accounts[0].status = "deactivated"
    elif fate == "forgotten":
        ca.forget_accounts()
    elif fate == "shy":
        ca.switches.lookup_needs_eab = True
    elif fate == "another":
        client.say(client.url + "0")
    else:
        ca.stop()
    done = verify()
    assert done.code == 1 and sentence in done.out, done.out + done.err
    assert "1 imported, 0 kept, 1 skipped" in done.out and store.bound_accounts() == []
    assert not list(store.dir.glob("accounts/*"))


def test_it_asks_beside_an_httpd_that_runs(left, world):
    """The CA and the way to it are those that are configured; the store is not touched."""
    verify, ca, client, store = left
    httpd = world.httpds[1]
    world.expect(r"terms of service")
    httpd.configure(httpd.acme(ca, terms=False), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_problem(NAME, "termsNotAccepted")
    keeper = httpd.keeper()
    asked = Acmectl(httpd)("import", "dehydrated", client.dir, "--kid", "kid-2", "--verify", "--dry-run")
    assert asked.code == 0 and "2 would be imported" in asked.out, asked.out + asked.err
    assert keeper and httpd.keeper() == keeper
    refused = verify()
    assert refused.code == 1 and "Stop httpd, import, and start it again" in refused.err
