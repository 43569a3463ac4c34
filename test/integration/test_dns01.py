# SPDX-License-Identifier: Apache-2.0
"""dns-01: the keeper runs ACMEDNSCommand, here the example for nsupdate against a real BIND; whatever
happens, no record stays behind."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from harness import ca as authority
from harness.acmectl import Acmectl
from harness.events import Receiver
from harness.waiting import wait_until

NAME = "www.test.example"
EXAMPLE = Path(__file__).parents[2] / "conf" / "nsupdate-dns-command"

# Says what it was called with, then does as the example does.
WRAPPER = """\
#!/bin/sh
echo "$* $ACME_EAB_ACTION $ACME_EAB_NAME $ACME_EAB_RECORD $ACME_EAB_VALUE $(id -u)" >>"{calls}"
{before}
"{example}" -k "{key}" -s 127.0.0.1 -p {port} "$@"
"""


class Scene:
    def __init__(self, world, **options):
        self.httpd = world.httpd()
        self.nameserver = world.nameserver(**options)
        self.ca = world.ca(self.httpd, dns_server=self.nameserver.address)
        self.command = self.httpd.dir / "dns-command"
        self.calls_file = self.httpd.dir / "dns-calls"
        self.write_command()

    def write_command(self, before=""):
        self.command.write_text(WRAPPER.format(
            calls=self.calls_file, before=before, example=EXAMPLE, key=self.nameserver.key,
            port=self.nameserver.port))
        self.command.chmod(0o700)

    def configure(self, names=NAME, command=None, more=""):
        self.httpd.configure(
            self.httpd.acme(self.ca, more="ACMEChallenge dns-01\n"
                                          f'ACMEDNSCommand "{command or self.command}"'),
            self.httpd.plain_site("localhost"), more,
            self.httpd.site(NAME, aliases=names.split()[1:], more=f"ACMEManagedDomain {names}"))

    def calls(self, action):
        if not self.calls_file.exists():
            return []
        return [line.split() for line in self.calls_file.read_text().splitlines()
                if line.startswith(action + " ")]

    def journals(self):
        return list((self.httpd.store.dir / "dns").iterdir())

    def wait_for_nothing_left(self, *names):
        for name in names or (NAME,):
            wait_until(lambda name=name: self.nameserver.records(name) == [], 20,
                       f"the records of {name} to go")
        wait_until(lambda: self.journals() == [], 20, "an empty journal")


def test_a_record_of_the_account_under_the_name_of_its_url(world):
    """dns-account-01: the label follows from the account's URL, byte for byte."""
    httpd, nameserver = world.httpd(), world.nameserver()
    ca = world.simulated_ca(httpd, "plain", resolver=("127.0.0.1", nameserver.port),
                            challenge_types=("dns-account-01", "dns-01"))
    calls = httpd.dir / "dns-calls"
    command = httpd.dir / "dns-command"
    command.write_text(WRAPPER.format(calls=calls, before="", example=EXAMPLE, key=nameserver.key,
                                      port=nameserver.port))
    command.chmod(0o700)
    httpd.configure(
        httpd.acme(ca, more=f'ACMEChallenge dns-account-01\nACMEDNSCommand "{command}"'),
        httpd.plain_site("localhost"),
        httpd.site(NAME, more=f"ACMEManagedDomain {NAME} *.{NAME}"))
    httpd.start()
    assert httpd.wait_for_certificate(NAME, ca) is not None
    url = httpd.report()["accounts"][0]["url"]
    label = base64.b32encode(hashlib.sha256(url.encode()).digest()[:10]).decode().lower()
    record = f"_{label}._acme-challenge.{NAME}"
    wait_until(lambda: calls.read_text().count("remove ") >= 2, 20, "the records to be removed")
    told = [line.split() for line in calls.read_text().splitlines()]
    assert {line[1] for line in told} == {record}
    assert {line[5] for line in told} == {record}, "documented environment"
    wait_until(lambda: nameserver.ask(record, "TXT") == [], 20, "the records to go")


def test_a_wildcard_and_its_base_are_issued_together(world):
    scene = Scene(world)
    scene.configure("www.test.example test.example *.test.example")
    scene.httpd.start()
    certificate = scene.httpd.wait_for_certificate(NAME, scene.ca)
    assert certificate is not None
    assert (scene.ca.issued(), scene.ca.orders()) == (1, 1)
    scene.wait_for_nothing_left("test.example", NAME)

    added, removed = scene.calls("add"), scene.calls("remove")
    # www is covered by the wildcard: it is not ordered, and not validated.
    assert [call[1] for call in added] == ["_acme-challenge.test.example"] * 2
    assert len({call[2] for call in added}) == 2, "two values for one name"
    assert {call[2] for call in added} == {call[2] for call in removed}
    for call in added:
        name = call[1].removeprefix("_acme-challenge.")
        assert call[3:] == ["add", name, call[1], call[2], "0"], "documented environment, as root"


def test_a_wildcard_is_called_by_its_name(world):
    """In the log, to programs, in the history and by acmectl; its directory has another name."""
    scene = Scene(world)
    told = Receiver(scene.httpd.dir / "hook")
    scene.configure("*.test.example", more=told.directive)
    scene.httpd.start()
    told.wait_for("issued", "*.test.example")
    acmectl = Acmectl(scene.httpd)
    done = acmectl("revoke", "*.test.example", "--reason", "superseded", "--keep", "--yes")
    assert done.code == 0
    assert "*.test.example" in done.out + done.err
    told.wait_for("revoked", "*.test.example")
    ours = "\n".join(line for line in scene.httpd.log.text().splitlines() if "acme_eab:" in line)
    texts = [ours, done.out, done.err, acmectl("log").out, acmectl("status").out,
             (scene.httpd.store.dir / "history.jsonl").read_text()]
    for text in texts:
        assert "_wildcard" not in re.sub(r"/\S*", "", text), "but in paths"


def test_the_example_waits_for_every_name_server(world):
    """The second server has new records only after a while."""
    scene = Scene(world, late=3)
    ended = scene.httpd.dir / "ended"
    scene.write_command(before=f'trap \'date +%s.%N >>"{ended}"\' EXIT')
    scene.configure()
    scene.httpd.start()
    scene.httpd.wait_for_certificate(NAME, scene.ca)
    late = scene.nameserver.late
    assert late.ignored >= 1
    assert float(ended.read_text().splitlines()[0]) > late.first_answer
    scene.wait_for_nothing_left()


@pytest.mark.parametrize("moment", ["record added", "challenge answered"])
def test_keeper_killed(world, moment):
    """It comes back, finishes the order, and no record stays."""
    world.expect(r"acme_eab:(warn|error)\].*(keeper|agent)", r"core:error\].*AH00546")
    scene = Scene(world)
    scene.configure()
    scene.httpd.start()
    if moment == "record added":
        wait_until(lambda: scene.nameserver.records(NAME), 20, "a record", pause=0.01)
    else:
        scene.ca.wait_for(authority.CHALLENGE)
    keeper = scene.httpd.wait_for_keeper()
    keeper.kill()
    scene.httpd.wait_for_keeper(other_than=keeper)
    scene.httpd.wait_for_certificate(NAME, scene.ca)
    assert (scene.ca.issued(), scene.ca.orders()) == (1, 1)
    scene.wait_for_nothing_left()


def test_records_of_a_removed_domain_are_cleaned_up(world):
    """httpd ends in the midst of a validation, and when it comes back the certificate is configured
    no more."""
    world.expect(r"acme_eab:error\].*Certificate other")  # which is refused, as it should be
    scene = Scene(world)
    scene.write_command(before=f'test "$1" = remove || kill -STOP {scene.ca.process().pid}')
    scene.configure()
    scene.httpd.start()
    wait_until(lambda: scene.nameserver.records(NAME), 20, "a record")
    assert scene.journals() != []
    scene.httpd.stop()
    records = scene.nameserver.records(NAME)
    assert len(records) == 1
    scene.httpd.configure(
        scene.httpd.acme(scene.ca, more="ACMEChallenge none"), scene.httpd.plain_site("localhost"),
        scene.httpd.site("other.test.example", managed=True))
    scene.httpd.start()
    scene.wait_for_nothing_left()
    assert [call[2] for call in scene.calls("remove")] == records
    scene.ca.resume()


@pytest.mark.parametrize("how, detail", [
    ("missing", "could not be run"),
    ("failing", "ended with exit status 7"),
])
def test_a_command_that_does_not_work_is_told(world, how, detail):
    world.expect(r"acme_eab:error\].*(ACMEDNSCommand|Certificate)")
    scene = Scene(world)
    if how == "missing":
        broken = scene.httpd.dir / "nowhere"
        broken.write_text("#!/nowhere/interpreter\n")
        broken.chmod(0o755)
        scene.configure(command=broken)
    else:
        scene.write_command(before="[ $1 = remove ] || { echo no such key; exit 7; }")
        scene.configure()
    scene.httpd.start()
    entry = scene.httpd.wait_for_problem(NAME, "dnsCommand")
    assert detail in entry["problem"]["detail"] and NAME in entry["problem"]["detail"]
    assert "ACMEDNSCommand" in entry["problem"]["advice"] and NAME in entry["problem"]["advice"]
    assert scene.httpd.log.count("no such key") == (1 if how == "failing" else 0)
    assert scene.ca.count(authority.CHALLENGE) == 0, "the CA is not told before the record is there"
    scene.wait_for_nothing_left()

    scene.write_command()
    scene.configure(command=f"{scene.command}")
    if how == "failing":  # the configuration is the same: only the clock would try again
        return
    scene.httpd.graceful()
    scene.httpd.wait_for_certificate(NAME, scene.ca)
    assert (scene.ca.issued(), scene.ca.orders()) == (1, 1), "the same order goes on"
    scene.wait_for_nothing_left()
