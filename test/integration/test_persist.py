# SPDX-License-Identifier: Apache-2.0
"""dns-persist-01: a record that somebody publishes once. The simulated CA reads it by the draft, this
server looks it up at every name server of the zone before it says that it is there."""

import time

import pytest

from harness.acmectl import Acmectl
from harness.ports import free_port
from harness.waiting import wait_until

NAME = "www.test.example"
RECORD = f"_validation-persist.{NAME}"
ISSUER = "simulated-ca.example"
PROBLEM = "urn:acme-eab:problem:persistRecord"


class Scene:
    def __init__(self, world, challenges="dns-persist-01", names=NAME, more="", http=True, **changes):
        self.world = world
        self.zone = world.zone()
        self.httpd = world.httpd()
        changes.setdefault("challenge_types", ("http-01", "dns-01", "dns-persist-01"))
        self.ca = world.simulated_ca(self.httpd, "plain",
                                     resolver=(self.zone.resolver.address, 53), **changes)
        if not http:
            self.ca.http_port = free_port()  # http-01 would fail
        self.httpd.configure(
            self.httpd.acme(self.ca, more=f"ACMEChallenge {challenges}\n"
                            f"ACMEDNSResolver {self.zone.resolver.address}\n{more}"),
            self.httpd.plain_site("localhost"),
            self.httpd.site(NAME, more=f"ACMEManagedDomain {names}"))

    def start(self):
        self.httpd.start()
        return self

    def wait_for_refusal(self, part):
        """The names wait for a record, and the problem says what is the matter with it."""
        self.world.expect("persistRecord")
        return self.httpd.wait_for_status(
            NAME, lambda e: (e["problem"] or {}).get("type") == PROBLEM
            and any(part in r.get("why", "") for r in e["records"]), part, 60)["problem"]

    def records(self):
        return self.httpd.certificate_status(NAME)["records"]

    def account(self):
        """The URL that this CA will give to its first account, so that a record can be there from the
        beginning."""
        return self.ca.url.rsplit("/", 1)[0] + "/acme/account/100001"

    def value(self, more="", issuer=ISSUER, account=None):
        return f"{issuer}; accounturi={account or self.account()}{more}"

    def wait_for_certificate(self, seconds=60):
        return self.httpd.wait_for_certificate(NAME, self.ca, seconds=seconds)


@pytest.mark.parametrize("more", ["", "ACMEAllowSubsetOfNames on"], ids=["all", "subset"])
def test_what_the_status_shows_is_published_and_found(world, more):
    """The record of a name and its wildcard, pasted as it is shown; then nobody has to do anything."""
    scene = Scene(world, names=f"{NAME} *.{NAME}", more=more).start()
    problem = scene.wait_for_refusal("there is no such record")
    assert problem["type"] == PROBLEM
    assert "publish it" in problem["advice"]
    record, = scene.records()
    assert (record["name"], record["type"]) == (RECORD, "TXT")
    assert scene.httpd.report()["accounts"][0]["url"] == scene.account()
    assert record["value"] == scene.value("; policy=wildcard")
    assert record["line"] == f'{RECORD}. IN TXT "{record["value"]}"'
    assert record["line"] in problem["detail"]
    orders = scene.ca.counts.orders

    scene.zone.publish(NAME, record["value"])
    assert scene.wait_for_certificate() is not None
    assert scene.ca.counts.orders == orders == 1, "the order that waited was carried on"
    assert scene.httpd.log.count("records of dns-persist-01 are in the DNS now") == 1, \
        "as soon as it was seen, and not when the next try came"
    entry = scene.httpd.wait_for_status(
        NAME, lambda e: e["records"] and e["records"][0]["state"] == "published", "the record")
    record, = entry["records"]
    assert (record["having"], record["answered"], record["servers"]) == (3, 3, 3)
    assert "until" not in record


@pytest.mark.parametrize("fault, why", [
    ("account", "is for another account of the CA"),
    ("issuer", "there are records of other CAs, and none of this one"),
    ("syntax", "is not written as the CA reads it"),
    ("twice", "is not written as the CA reads it"),
    ("lapsed", "counted until 2001-09-09T01:46:40Z"),
    ("policy", "lacks policy=wildcard"),
])
def test_a_record_that_does_not_count(world, fault, why):
    """The CA is not asked, and it is said what is the matter."""
    names = f"{NAME} *.{NAME}" if fault == "policy" else NAME
    scene = Scene(world, names=names)
    values = {
        "account": scene.value(account="https://localhost/account/of-somebody-else"),
        "issuer": "ca.other.example; accounturi=https://ca.other.example/1",
        "syntax": scene.value().replace(";", ","),
        "twice": scene.value(f"; accounturi={scene.account()}"),
        "lapsed": scene.value("; persistUntil=1000000000"),
        "policy": scene.value(),
    }
    scene.zone.publish(NAME, values[fault])
    scene.start()
    scene.wait_for_refusal(why)
    assert scene.ca.issued() == 0
    if fault != "policy":  # there it counts for the name itself
        assert scene.ca.counts.fetches == 0, "nothing to be validated was claimed"


def test_a_name_server_without_it_is_named(world):
    scene = Scene(world)
    scene.zone.servers[1].without.add(RECORD)
    scene.zone.publish(NAME, scene.value(f"; persistUntil={int(time.time()) + 86400}"))
    scene.start()
    scene.wait_for_refusal("2 of 3 name servers")
    record, = scene.records()
    assert (record["state"], record["having"], record["answered"]) == ("partly", 2, 3)
    assert "until" in record
    assert "ns2.test.example" in record["why"]
    scene.zone.servers[1].without.clear()
    scene.zone.servers[2].silent = True  # one that does not answer is no reason to wait
    assert scene.wait_for_certificate(90) is not None


def test_it_goes_before_the_others_when_it_is_there(world):
    """http-01 is named first and would fail."""
    scene = Scene(world, challenges="http-01 dns-persist-01", http=False)
    scene.zone.publish(NAME, scene.value())
    scene.start()
    assert scene.wait_for_certificate() is not None
    assert scene.ca.counts.orders == 1


@pytest.mark.parametrize("changes", [
    {"issuer_domain_names": tuple(f"ca{i}.example" for i in range(11))},
    {"issuer_domain_names": ()},
    {"issuer_domain_names": None},
    {"issuer_domain_names": ("CA.example",)},
    {"persist_account": "foreign"},
    {},
], ids=["eleven", "none", "missing", "upper-case", "foreign", "no-record"])
def test_another_challenge_is_answered_without_it(world, changes):
    """A malformed challenge is rejected though the record is there, and where there is none it is not
    chosen."""
    scene = Scene(world, challenges="dns-persist-01 http-01", **changes)
    if changes:
        scene.zone.publish(NAME, scene.value())
    scene.start()
    assert scene.wait_for_certificate() is not None
    assert (scene.ca.counts.orders, scene.ca.issued()) == (1, 1)
    assert scene.httpd.log.count("is validated by its record") == 0


@pytest.mark.parametrize("where", ["alias", "parent", "other-name", "resolver-only"])
def test_where_the_record_may_be(world, where):
    scene = Scene(world)
    if where == "resolver-only":
        for server in scene.zone.servers:
            server.silent = True
    if where == "alias":
        scene.zone.records[(RECORD, 5)] = ["records.test.example"]
        scene.zone.records[("records.test.example", 16)] = [scene.value()]
    elif where == "parent":
        scene.zone.publish("test.example", scene.value("; policy=wildcard"))
    elif where == "other-name":
        scene.zone.publish(NAME, "some text", scene.value(issuer="other-name.example"))
    else:
        scene.zone.publish(NAME, scene.value())
    scene.start()
    assert scene.wait_for_certificate(90) is not None


def test_the_others_go_on_without_a_name_that_lacks_its_record(world):
    others = [f"other{i}.test.example" for i in range(3)]
    scene = Scene(world, names=" ".join([NAME, *others]), more="ACMEAllowSubsetOfNames on")
    world.expect("Names were refused for several reasons")
    scene.zone.publish(NAME, scene.value())
    scene.zone.publish(others[0], scene.value())
    scene.start()
    assert scene.wait_for_certificate() is not None
    entry = scene.httpd.certificate_status(NAME)
    assert sorted(entry["missing_names"]) == others[1:]
    assert {one["type"] for one in entry["problem"]["subproblems"]} == {PROBLEM}
    told = [row[1] for row in Acmectl(scene.httpd)("show", NAME, "--plain").rows() if row[0] == "in it"]
    assert sorted(line.split(": ")[0] for line in told) == others[1:]
    assert "(dns-persist-01)" in entry["problem"]["advice"]
    assert (scene.ca.counts.orders, scene.ca.issued()) == (2, 1), "both are left out at once"


def test_without_any_dns_the_ca_decides(world):
    """Nothing can be looked up from here: what the CA sees may be more."""
    scene = Scene(world)
    scene.world.expect("unauthorized")
    scene.ca.resolver = (scene.zone.servers[0].address, 53)
    scene.zone.resolver.silent = True
    scene.start()
    scene.httpd.wait_for_problem(NAME, "unauthorized", seconds=90)
    assert scene.ca.counts.fetches > 0


COMMAND = """\
#!/bin/sh
echo "$*" >>"{calls}"; sleep 1
[ "$1" = add ] && echo "$2 $3" >>"{added}"
exit 0
"""


def test_the_command_adds_it_once_and_it_stays(world):
    scene = Scene(world, names=f"{NAME} *.{NAME}")
    command, calls = scene.httpd.dir / "dns-command", scene.httpd.dir / "dns-calls"
    command.write_text(COMMAND.format(calls=calls, added=scene.zone.added))
    command.chmod(0o700)
    scene.httpd.configure(
        scene.httpd.acme(scene.ca, more="ACMEChallenge dns-persist-01\n"
                         f'ACMEDNSCommand "{command}"\n'
                         f"ACMEDNSResolver {scene.zone.resolver.address}"),
        scene.httpd.plain_site("localhost"),
        scene.httpd.site(NAME, more=f"ACMEManagedDomain {NAME} *.{NAME}"))
    scene.start()
    first = scene.wait_for_certificate()
    assert first is not None
    expected = f"add {RECORD} {scene.value('; policy=wildcard')}"
    assert calls.read_text().splitlines() == [expected]
    scene.httpd.graceful()
    scene.httpd.wait_for_status(
        NAME, lambda e: e["records"] and e["records"][0]["state"] in ("published", "unknown"),
        "the record after a restart")
    assert calls.read_text().splitlines() == [expected], "once, and not removed"
