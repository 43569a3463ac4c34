# SPDX-License-Identifier: Apache-2.0
"""What can go wrong at a CA: httpd serves on, the status says what it is and what to do, the next
try comes when it makes sense, and mending the configuration heals it at once."""

import datetime
import json
import time

import pytest

from harness import certificates, clock
from harness import ca as authority
from harness.ca import new_hmac_key
from harness.ports import free_port
from harness.waiting import wait_until
from harness.zone import A, AAAA

NAME = "www.test.example"
STATIC = "static.test.example"
MINUTE = (0.5, 1.7)
DAY = (24 * 60 * 0.85, 24 * 60 * 1.15)
TEN_MINUTES = (8, 10.1)


def next_of(entry):
    """What comes next for a certificate; nothing while a request is under way."""
    return entry.get("next") or {}


class Scene:
    """An httpd with a static site and a managed one, and a CA."""

    def __init__(self, world, **ca_options):
        self.httpd = world.httpd()
        self.ca = world.ca(self.httpd, **ca_options)
        certificate, key = certificates.make_self_signed([STATIC])
        (self.httpd.dir / "static.pem").write_bytes(certificate + key)
        world.expect(r"acme_eab:(error|warn)\]")

    def configure(self, acme, name=NAME):
        self.httpd.configure(
            acme,
            self.httpd.site(STATIC, more=f'SSLCertificateFile "{self.httpd.dir}/static.pem"'),
            self.httpd.site(name, managed=True))

    def fail(self, acme, part, within, name=NAME):
        """Start with this configuration, and see the problem told. Returns problem and entry."""
        self.configure(acme, name)
        self.httpd.start()
        return self.see(part, within, name)

    def see(self, part, within, name=NAME):
        problem, entry = self._wait_for(part, name)
        assert problem["detail"]
        assert problem["advice"].endswith((".", "!", "?"))
        assert next_of(entry)["what"] == "retry"
        minutes = clock.minutes_until(entry["next"]["at"], time.time())
        assert within[0] < minutes < within[1], f"the next try is in {minutes:.1f} minutes"
        assert self.httpd.get_tls(STATIC).status == 200
        assert self.httpd.get("localhost").status == 200
        return problem, entry

    def heal(self, acme, name=NAME, ca=None):
        self.configure(acme, name)
        self.httpd.graceful()
        self.httpd.wait_for_certificate(name, ca or self.ca, seconds=20)
        entry = self.httpd.wait_for_status(name, lambda e: e["state"] == "valid", "state valid")
        assert not entry.get("problem")

    def _wait_for(self, part, name):
        """The problem of a certificate, or of its account if that is what it waits for."""
        found = []

        def told(status):
            entry = next((e for e in status["certificates"] if e["name"] == name), None)
            if entry is None or next_of(entry).get("what") != "retry":
                return False
            found[:] = [(owner["problem"], entry) for owner in (entry, *status["accounts"])
                        if (owner.get("problem") or {}).get("type", "").endswith(part)]
            return found
        self.httpd.wait_for_report(told, f"problem {part}")
        return found[0]


@pytest.mark.smoke
def test_wrong_key(world):
    scene = Scene(world)
    wrong = new_hmac_key()
    problem, _ = scene.fail(scene.httpd.acme(scene.ca, key=wrong), ":unauthorized", DAY)
    assert "ACMEEABK" in problem["advice"]
    assert scene.ca.accounts() == 0
    assert wrong not in scene.httpd.log.text()
    assert scene.ca.registrations() <= 2, "asked once, not again and again"
    # Only the content of the file changes, which is a changed configuration as well.
    scene.heal(scene.httpd.acme(scene.ca))
    assert scene.ca.accounts() == 1


def test_unknown_key_id(world):
    scene = Scene(world)
    acme = scene.httpd.acme(scene.ca, kid="nobody", key=new_hmac_key())
    problem, _ = scene.fail(acme, ":unauthorized", DAY)
    assert "ACMEEABK" in problem["advice"]
    scene.heal(scene.httpd.acme(scene.ca))
    assert scene.ca.accounts() == 1


def test_no_key_where_the_ca_demands_one(world):
    scene = Scene(world)
    problem, _ = scene.fail(scene.httpd.acme(scene.ca, kid=None), ":eabMissing", DAY)
    assert "ACMEEABKid" in problem["advice"]
    assert scene.ca.registrations() == 0, "nothing is sent that cannot succeed"
    scene.heal(scene.httpd.acme(scene.ca))


def test_terms_not_accepted(world):
    scene = Scene(world)
    problem, _ = scene.fail(scene.httpd.acme(scene.ca, terms=False), ":termsNotAccepted", DAY)
    assert "ACMETermsOfService" in problem["advice"]
    assert "Do%20what%20thou%20wilt" in str(problem), "the URL of the terms is shown"
    assert scene.ca.registrations() == 0
    scene.heal(scene.httpd.acme(scene.ca))


@pytest.mark.smoke
def test_nobody_answers_at_the_url(world):
    scene = Scene(world)
    acme = scene.httpd.acme(scene.ca)
    away = acme.replace(scene.ca.url, f"https://localhost:{free_port()}/dir")
    problem, _ = scene.fail(away, ":caUnreachable", MINUTE)
    assert "localhost" in problem["detail"] + problem["advice"]
    scene.heal(acme)


def test_ca_that_was_down_is_tried_again_by_itself(world):
    scene = Scene(world)
    scene.ca.stop()
    _, entry = scene.fail(scene.httpd.acme(scene.ca), ":caUnreachable", MINUTE)
    due = clock.parse(entry["next"]["at"])
    scene.httpd.stop()
    scene.ca.start()
    # Let the minute pass.
    ahead = int(due - time.time() - 4)
    scene.httpd.environment = clock.shifted(ahead)
    scene.httpd.start()
    # The failure is remembered through a restart.
    clock.expect_not_before(due, lambda: scene.ca.count("GET /dir"), "the next try",
                            lambda: time.time() + ahead)
    scene.httpd.wait_for_certificate(NAME, scene.ca, seconds=15)


def test_ca_with_an_untrusted_certificate(world):
    scene = Scene(world)
    acme = scene.httpd.acme(scene.ca)
    blind = "\n".join(line for line in acme.splitlines() if "ACMECACertificateFile" not in line)
    problem, _ = scene.fail(blind, ":caUntrusted", (0.5, DAY[1]))
    assert "ACMECACertificateFile" in problem["advice"]
    assert scene.ca.count("GET /dir") == 0, "not a word to whom we do not trust"
    scene.heal(acme)


@pytest.mark.smoke
def test_port_80_is_closed(world):
    scene = Scene(world)
    listening, asked = free_port(), scene.httpd.http
    scene.httpd.http = listening
    acme = scene.httpd.acme(scene.ca)
    problem, _ = scene.fail(acme, ":connection", MINUTE)
    assert NAME in str(problem)
    assert "80" in problem["advice"]
    scene.httpd.http = asked
    scene.heal(acme)


@pytest.mark.parametrize("address, says, not_says", [
    (None, "finds no address", "none of this machine's"),
    ("192.0.2.7", "none of this machine's", "finds no address"),
    ("127.0.0.1", "firewall lets port 80 in", "addresses that the DNS has"),
], ids=["no address", "elsewhere", "here"])
def test_port_80_is_closed_and_the_name_leads_to(world, address, says, not_says):
    """The resolver of this machine may know more than the CA says."""
    scene = Scene(world)
    zone = world.zone(servers=1)
    if address:
        zone.records[(NAME, A)] = [address]
    scene.httpd.http = free_port()
    problem, _ = scene.fail(
        scene.httpd.acme(scene.ca, more=f"ACMEDNSResolver {zone.resolver.address}"),
        ":connection", MINUTE)
    assert says in problem["advice"]
    assert not_says not in problem["advice"]
    assert "port 80" in problem["advice"]
    assert {kind for name, kind in zone.resolver.asked if name == NAME} == {A, AAAA}


def test_port_80_leads_to_somebody_else(world):
    """To another web server, which knows nothing of the challenge."""
    scene = Scene(world)
    somebody = world.httpd()
    somebody.http = scene.httpd.http
    somebody.configure("")
    somebody.start()
    scene.httpd.http = free_port()
    problem, _ = scene.fail(scene.httpd.acme(scene.ca), ":unauthorized", MINUTE)
    assert NAME in problem["advice"]
    assert "/.well-known/acme-challenge/" in problem["advice"]
    assert "was never asked" in problem["advice"], "the answer lies here, and nobody wanted it"
    assert "stays in use" not in problem["advice"], "there is no certificate yet"
    assert "ACMEEABK" not in problem["advice"], "it is not about the account"


@pytest.mark.smoke
def test_name_that_the_ca_refuses(world):
    scene = Scene(world, refused_names=["refused.example"])
    refused = "www.refused.example"
    problem, _ = scene.fail(scene.httpd.acme(scene.ca), ":rejectedIdentifier", DAY, refused)
    assert "refused.example" in str(problem)
    assert scene.ca.count(authority.ORDER) == 1
    scene.heal(scene.httpd.acme(scene.ca), NAME)


def test_a_failure_is_remembered_through_a_restart(world):
    scene = Scene(world, refused_names=["refused.example"])
    refused = "www.refused.example"
    scene.fail(scene.httpd.acme(scene.ca), ":rejectedIdentifier", DAY, refused)
    asked = scene.ca.count(authority.ORDER)
    scene.httpd.graceful()
    scene.httpd.stop()
    scene.httpd.start()
    scene.see(":rejectedIdentifier", TEN_MINUTES, refused)
    assert scene.ca.count(authority.ORDER) == asked, "not so soon after the last try"


def age_failure(scene, name, seconds):
    """The last try was so long ago."""
    path = scene.httpd.dir / "store" / "failures" / f"{name}.json"
    wait_until(path.exists, 20, "the failure in the store")
    failure = json.loads(path.read_text())
    tried = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    failure["tried"] = failure["since"] = tried.strftime("%Y-%m-%dT%H:%M:%SZ")
    path.write_text(json.dumps(failure))


@pytest.mark.parametrize("restart", ["graceful", "stop and start"])
def test_a_restart_by_somebody_tries_again(world, restart):
    """The name was approved at the CA meanwhile: nothing in the configuration has changed."""
    scene = Scene(world, refused_names=["refused.example"])
    refused = "www.refused.example"
    problem, _ = scene.fail(scene.httpd.acme(scene.ca), ":rejectedIdentifier", DAY, refused)
    assert "after a restart of httpd" in problem["advice"]
    asked = scene.ca.count(authority.ORDER)
    age_failure(scene, refused, 3600)
    if restart == "graceful":
        scene.httpd.graceful()
    else:
        scene.httpd.stop()
        scene.httpd.start()
    wait_until(lambda: scene.ca.count(authority.ORDER) > asked, 20, "another order")
    scene.see(":rejectedIdentifier", DAY, refused)


def test_one_bad_name_does_not_hold_up_the_others(world):
    httpd = world.httpd()
    ca = world.ca(httpd, refused_names=["refused.example"])
    world.expect(r"acme_eab:(error|warn)\].*refused\.example")
    httpd.configure(httpd.acme(ca), httpd.site("www.refused.example", managed=True),
                    httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_problem("www.refused.example", ":rejectedIdentifier")


@pytest.mark.smoke
@pytest.mark.parametrize("path", ["/nothing-here", "/nonce-plz"])
def test_url_that_is_no_directory(world, path):
    scene = Scene(world)
    acme = scene.httpd.acme(scene.ca)
    wrong = acme.replace(scene.ca.url, scene.ca.url.replace("/dir", path))
    scene.configure(wrong)
    scene.httpd.start()
    entry = scene.httpd.wait_for_status(
        NAME, lambda e: next_of(e).get("what") == "retry", "a retry")
    status = str(scene.httpd.status())
    assert "ACMEServer" in status or "directory" in status, entry
    assert "EAB" not in entry["problem"]["advice"], "nobody has looked at the key yet"
    scene.heal(acme)
