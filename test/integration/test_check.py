# SPDX-License-Identifier: Apache-2.0
"""acmectl check: what it finds out, and that it costs nothing unless it is told to."""

import secrets

import pytest

from harness.acmectl import Acmectl
from harness.zone import A, AAAA, CAA

NAME = "www.test.example"
ALIAS = "test.example"
CA_NAME = "simulated-ca.example"
CHALLENGES = "ACMEChallenge http-01 tls-alpn-01"


class Scene:
    """An httpd that is met at the ports that a CA asks, with a certificate; names in a zone."""

    def __init__(self, world, aliases=(), more=CHALLENGES, start=True, **changes):
        self.zone = world.zone()
        self.httpd = world.httpd()
        self.address = f"127.{secrets.randbelow(250) + 2}.{secrets.randbelow(250) + 2}.9"
        self.ca = world.simulated_ca(self.httpd, "plain", caa_identities=(CA_NAME,), **changes)
        self.publish(NAME, self.address)
        self.httpd.configure(
            self.httpd.acme(self.ca, more=f"{more}\nACMEDNSResolver {self.zone.resolver.address}"),
            f"Listen {self.address}:80\nListen {self.address}:443 https",
            f"<VirtualHost {self.address}:443>\n    ServerName {NAME}\n    SSLEngine on\n"
            "</VirtualHost>",
            self.httpd.site(NAME, aliases=aliases, managed=True))
        self.acmectl = Acmectl(self.httpd)
        if start:
            self.httpd.start()
            self.httpd.wait_for_certificate(NAME, self.ca)
            self.httpd.wait_for_status(NAME, lambda entry: entry["grade"] == "ok", "all well")

    def publish(self, name, *values, kind=A):
        self.zone.records[(name, kind)] = list(values)

    def check(self, *options):
        """{(check, subject): [(grade, text)]}"""
        done = self.acmectl("check", "--json", *options)
        self.code = done.code
        found = {}
        for entry in done.json()["checks"]:
            found.setdefault((entry["check"], entry.get("subject")), []).append(
                (entry["grade"], entry.get("text", "")))
        return found

    def caa(self, *values, at="test.example"):
        """What is said of these records, in one line: its grade and its text."""
        self.publish(at, *values, kind=CAA)
        return self.check()[("caa", NAME)][0]

    def account(self):
        return self.ca.url.rsplit("/", 1)[0] + "/acme/account/100001"

    def answers(self):
        """What is left below the run directory."""
        return [path for path in (self.httpd.run_dir / "challenges").rglob("*")]


def test_the_ca_is_found_in_caa_records(world):
    scene = Scene(world)
    grade, text = scene.check()[("caa", NAME)][0]
    assert grade == "ok" and "any CA" in text
    assert (f'{NAME}. CAA 0 issue "{CA_NAME}; accounturi={scene.account()}; '
            'validationmethods=http-01,tls-alpn-01"') in text
    assert scene.code == 0
    # Up to the root, as RFC 8659 climbs.
    asked = [name for name, kind in scene.zone.resolver.asked if kind == CAA]
    assert asked[-3:] == [NAME, "test.example", "example"]

    grade, text = scene.caa("0 issue other-ca.example")
    assert grade == "fault" and "test.example has" in text and CA_NAME in text
    assert scene.code == 1
    assert scene.caa(f"0 issue {CA_NAME}")[0] == "ok"
    assert scene.caa(f"0 issue {CA_NAME}", "128 future x")[0] == "fault"
    assert scene.caa(f"0 issue {CA_NAME}; accounturi={scene.account()}")[0] == "ok"
    assert scene.caa(f"0 issue {CA_NAME}; accounturi={scene.account()}0")[0] == "fault"
    assert scene.caa(f"0 issue {CA_NAME}; validationmethods=dns-01")[0] == "fault"
    assert scene.caa(f"0 issue {CA_NAME}; validationmethods=dns-01,http-01")[0] == "ok"
    assert scene.caa("0 issuewild ;")[0] == "ok", "it is no wildcard"
    # The nearest one counts.
    scene.publish("test.example", "0 issue other-ca.example", kind=CAA)
    assert scene.caa(f"0 issue {CA_NAME}", at=NAME)[0] == "ok"
    scene.zone.resolver.silent = True
    grade, text = scene.check()[("caa", NAME)][0]
    assert grade == "warning" and "RFC 8659" in text
    assert scene.ca.requests("new-order") == 1


def test_a_wildcard_goes_by_issuewild(world):
    scene = Scene(world, start=False)
    scene.httpd.configure(
        scene.httpd.acme(scene.ca, more=f"ACMEDNSResolver {scene.zone.resolver.address}\n"
                         "ACMEChallenge dns-01\nACMEDNSCommand /bin/true"),
        scene.httpd.site(NAME, more=f"ACMEManagedDomain {ALIAS} *.test.example"))
    world.expect(r"acme_eab:(error|warn)\]")

    scene.publish("test.example", f"0 issue {CA_NAME}", "0 issuewild other-ca.example", kind=CAA)
    scene.httpd.start()
    scene.httpd.wait_for_report(lambda report: report["certificates"], "the certificate")
    found = scene.check()
    assert found[("caa", ALIAS)][0][0] == "ok"
    grade, text = found[("caa", "*.test.example")][0]
    assert grade == "fault" and "issuewild" in text
    assert ("addresses", "*.test.example") not in found
    assert ("port 80", ALIAS) not in found, "http-01 is not allowed"


def test_a_ca_that_does_not_say_its_name_is_only_reported(world):
    scene = Scene(world)
    scene.ca.switches = scene.ca.switches.but(caa_identities=())
    scene.httpd.agent().kill(9)
    scene.httpd.wait_for_agent()
    world.expect(r"acme_eab:error\].*ended unexpectedly")
    grade, text = scene.caa("0 issue other-ca.example")
    assert grade == "ok" and "caaIdentities" in text
    assert scene.caa("0 issue ;")[0] == "fault"


def test_httpd_is_met_where_a_ca_looks_for_it(world):
    scene = Scene(world)
    found = scene.check()
    assert found[("port 80", NAME)] == [("ok", f"{scene.address} answers with what was put in place")]
    assert found[("port 443", NAME)] == [("ok", f"{scene.address} answers with what was put in place")]
    assert found[("addresses", NAME)][0][0] == "warning", "no CA reaches 127.0.0.0/8"
    assert not scene.answers()

    # Each address is asked, and one where nobody answers is a hint and no fault.
    scene.publish(NAME, "::1", kind=AAAA)
    found = scene.check()
    assert [grade for grade, _ in found[("port 80", NAME)]] == ["ok", "warning"]
    assert "::1" in found[("port 80", NAME)][1][1]
    assert [grade for grade, _ in found[("port 443", NAME)]] == ["ok", "warning"]
    assert scene.code == 0

    # Another server in our place.
    other = world.httpd()
    other.modules.append("alias")
    address = scene.address[:-1] + "8"
    other.configure(f"Listen {address}:80\nListen {address}:443",
                    "Redirect permanent /.well-known/ https://elsewhere.example/")
    other.module = None
    scene.publish(NAME, address)
    del scene.zone.records[(NAME, AAAA)]
    other.configure(f"Listen {address}:80\nListen {address}:443",
                    "Redirect permanent /.well-known/ https://elsewhere.example/")
    other.start()
    found = scene.check()
    grade, text = found[("port 80", NAME)][0]
    assert grade == "warning" and "elsewhere.example" in text
    assert found[("port 443", NAME)][0][0] == "warning"
    assert not scene.answers()
    assert scene.ca.requests("new-order") == 1


def grades(found, check):
    return [grade for (name, _), lines in found.items() if name == check for grade, _ in lines]


def test_an_order_on_trial_is_kept_and_used(world):
    scene = Scene(world)
    ca, httpd, acmectl = scene.ca, scene.httpd, scene.acmectl
    first = httpd.certificate(NAME)
    found = scene.check()
    assert found[("order", None)] == [("not run", "it costs an order at the CA; --order does it")]
    assert (ca.requests("new-order"), ca.requests("new-account")) == (1, 2), "a look-up of the account"

    found = scene.check("--order")
    grade, text = found[("order", NAME)][0]
    assert grade == "ok" and "kept" in text and scene.code == 0
    assert found[("authorization", NAME)][0][0] == "ok"
    assert "valid until" in found[("authorization", NAME)][0][1] \
        or "will validate" in found[("authorization", NAME)][0][1]
    assert (ca.requests("new-order"), ca.requests("finalize"), ca.requests("challenge")) == (2, 1, 1)
    entry = httpd.certificate_status(NAME)
    assert entry["state"] == "valid" and entry["grade"] == "ok"

    # Again it is read, and nobody is in a hurry with it, after a restart neither.
    assert scene.check("--order")[("order", NAME)][0][0] == "ok"
    keeper = httpd.keeper()
    httpd.graceful()
    httpd.wait_for_keeper(other_than=keeper)
    httpd.wait_for_status(NAME, lambda entry: entry["state"] == "valid", "the certificate")
    assert scene.check("--order")[("order", NAME)][0][0] == "ok"
    done = acmectl("retry", NAME, "--wait")
    assert done.code == 0 and "nothing" in done.out
    assert (ca.requests("new-order"), ca.requests("finalize")) == (2, 1)

    done = acmectl("renew", NAME, "--force", "--wait")
    assert done.code == 0, done.err
    second = httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    assert (ca.requests("new-order"), ca.requests("finalize")) == (2, 2), "the order that was there"

    # One that is over is not missed.
    assert scene.check("--order")[("order", NAME)][0][0] == "ok"
    assert ca.requests("new-order") == 3
    for order in ca.orders:
        if order.csr is None:
            order.expires = 0
    assert scene.check("--order")[("order", NAME)][0][0] == "warning"
    done = acmectl("renew", NAME, "--force", "--wait")
    assert done.code == 0, done.err
    assert second.serial_number != first.serial_number
    assert (ca.requests("new-order"), ca.requests("finalize")) == (4, 3)


def test_what_the_ca_refuses_on_trial_is_told_and_no_failure(world):
    scene = Scene(world)
    scene.ca.switches = scene.ca.switches.but(foreign_names=(NAME,))
    found = scene.check("--order")
    grade, text = found[("order", NAME)][0]
    assert grade == "fault" and scene.code == 1, text
    entry = scene.httpd.certificate_status(NAME)
    assert entry["grade"] == "ok" and entry["state"] == "valid" and entry["problem"] is None


def test_an_account_is_registered_when_it_is_asked_for(world):
    scene = Scene(world, start=False)
    scene.httpd.write_key("YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE")
    world.expect(r"acme_eab:(error|warn)\]")
    scene.httpd.start()
    scene.httpd.wait_for_status(NAME, lambda entry: entry["state"] == "failing", "a failure")
    scene.httpd.write_key(scene.ca.keys["kid-1"])
    asked = scene.ca.requests("new-account")
    found = scene.check("--order")
    assert ("warning", "not registered yet; the first order does that, or --register, and it spends the "
            "EAB key") in [line for (check, _), lines in found.items() if check == "account"
                           for line in lines]
    assert found[("order", NAME)][0][0] == "not run"
    assert scene.ca.requests("new-account") == asked, "no EAB key is spent"
    assert scene.ca.requests("new-order") == 0
    found = scene.check("--register")
    assert grades(found, "account") == ["ok"], found
    assert scene.ca.requests("new-account") > asked
    scene.httpd.wait_for_certificate(NAME, scene.ca)
