# SPDX-License-Identifier: Apache-2.0
"""What is wrong outside of the configuration (files, programs, users, the store) never keeps a server
from its certificates: it is fatal before the first start only, where nothing is served yet. The
table is in docs/architecture.md."""

import json
import os
import pwd
import re
import shutil
import signal
from pathlib import Path

import pytest

from harness import ca as authority
from harness.acmectl import Acmectl
from harness.waiting import wait_until

NAME = "www.test.example"
OTHER = "other.test.example"
WARNED = r"acme_eab:(warn|error)\]"


def private_keeper(httpd):
    """A keeper program of this httpd's own, so that it can be damaged: the module has its path."""
    module = Path(httpd.module).read_bytes()
    path = re.search(rb"\0(/[^\0]*/acme-eab-keeper)\0", module).group(1)
    own = httpd.dir / "acme-eab-keeper"
    shutil.copy(os.fsdecode(path), own)
    slashes = b"/" * (len(path) - len(os.fsencode(own)) + 1)
    replaced = os.fsencode(httpd.dir) + slashes + b"acme-eab-keeper"
    assert len(replaced) == len(path), "the prefix is too short for this test"
    httpd.module = httpd.dir / "mod_acme_eab.so"
    Path(httpd.module).write_bytes(module.replace(path + b"\0", replaced + b"\0"))
    return own


class Site:
    """One virtual host whose certificate is there, and another one with a second account that has
    everything a configuration can name."""

    def __init__(self, world):
        self.httpd = world.httpd()
        self.ca = world.ca(self.httpd)
        self.keeper = private_keeper(self.httpd)
        self.key = self.httpd.dir / "second.key"
        self.proxy = self.httpd.dir / "proxy.txt"
        self.trust = self.httpd.dir / "trust.pem"
        self.hook = self.httpd.dir / "hook"
        self.program = self.httpd.dir / "program"
        self.user = "www-data"
        self.mend()

    def mend(self):
        for path, text, mode in ((self.key, authority.new_hmac_key() + "\n", 0o600),
                                 (self.proxy, "user:word\n", 0o600),
                                 (self.trust, Path(self.ca.tls_certificate).read_text(), 0o644),
                                 (self.hook, "#!/bin/sh\n", 0o755),
                                 (self.program, "#!/bin/sh\nexit 3\n", 0o755)):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            path.unlink(missing_ok=True)
            path.write_text(text)
            path.chmod(mode)
            os.chown(path, 0, 0)

    def second(self):
        """Nobody listens there."""
        return "\n".join([
            "<ACMEAccount second>", "ACMEServer https://127.0.0.1:1/directory", "ACMEEABKid second",
            f'ACMEEABKey "file:{self.key}"', f"ACMEProxy http://127.0.0.1:1/ file:{self.proxy}",
            f'ACMECACertificateFile "{self.trust}"', "</ACMEAccount>",
            "<ACMEAccount third>", "ACMEServer https://127.0.0.1:2/directory", "ACMEEABKid third",
            f'ACMEEABKey "exec:{self.program}"', "</ACMEAccount>",
            f"<ACMEManagedDomain {OTHER}>", "ACMEUseAccount second", "ACMEChallenge dns-01",
            f"ACMEDNSCommand {self.hook}", "</ACMEManagedDomain>",
            "<ACMEManagedDomain third.test.example>", "ACMEUseAccount third",
            "</ACMEManagedDomain>"])

    def configure(self):
        self.httpd.configure(self.httpd.acme(self.ca), f"ACMEUser {self.user}",
                             self.httpd.site(NAME, managed=True), self.second(),
                             self.httpd.site(OTHER))


def directory_in_place(path):
    path.unlink()
    path.mkdir()


def damage(path):
    path.write_bytes(path.read_bytes()[:300])


# What is broken, and what is told of it.
TROUBLES = {
    "key file empty": (lambda s: s.key.write_text(""), r"ACMEEABKey: .*second\.key.* empty"),
    "key file gone": (lambda s: s.key.unlink(), r"ACMEEABKey: .*second\.key"),
    "key file of another mode": (lambda s: s.key.chmod(0o644), r"ACMEEABKey: .*chmod 600"),
    "key file of another owner": (
        lambda s: os.chown(s.key, pwd.getpwnam("www-data").pw_uid, 0), r"ACMEEABKey: .*chown"),
    "key file a directory": (lambda s: directory_in_place(s.key), r"ACMEEABKey: .*second\.key"),
    "program gone": (lambda s: s.program.unlink(), r"ACMEEABKey: .*/program"),
    "program not executable": (lambda s: s.program.chmod(0o644), r"ACMEEABKey: .*chmod \+x"),
    "password of the proxy gone": (lambda s: s.proxy.unlink(), r"ACMEProxy: .*proxy\.txt"),
    "password of the proxy open to all": (lambda s: s.proxy.chmod(0o644), r"ACMEProxy: .*chmod"),
    "certificates of the CA gone": (
        lambda s: s.trust.unlink(), r"ACMECACertificateFile: .*trust\.pem"),
    "certificates of the CA damaged": (
        lambda s: s.trust.write_bytes(b"\0\1\2"), r"ACMECACertificateFile: .*trust\.pem"),
    "DNS program gone": (lambda s: s.hook.unlink(), r"ACMEDNSCommand: .*/hook"),
    "DNS program not executable": (lambda s: s.hook.chmod(0o644), r"ACMEDNSCommand: .*chmod"),
}


@pytest.fixture
def site(world):
    world.expect(WARNED, r"acme_eab:error\]")
    site = Site(world)
    site.configure()
    return site


def test_fatal_before_the_first_start(site):
    """The administrator is there, and nothing is served yet."""
    httpd = site.httpd
    assert httpd.check()[0] == 0
    for what, (breaks, told) in TROUBLES.items():
        breaks(site)
        status, output = httpd.check()
        assert status != 0 and re.search(told, output), f"{what}: {output}"
        assert re.search(rf"{re.escape(str(httpd.conf))}:\d+: ", output), what
        site.mend()
    site.key.unlink()
    refused = httpd._run("-k", "start")
    assert refused.returncode != 0 and "second.key" in refused.stdout
    assert not httpd.store.dir.exists()


def test_never_fatal_afterwards(site):
    """At a test, a restart, and a cold start: told, and the certificate is served."""
    httpd, ca = site.httpd, site.ca
    httpd.start()
    serial = httpd.wait_for_certificate(NAME, ca).serial_number
    parent = httpd.parent()

    def survives(what, told):
        status, output = httpd.check()
        assert status == 0, f"{what}: a test keeps nobody from his work: {output}"
        assert re.search(told, output), f"{what}: {output}"
        before = httpd.log.count(told)
        httpd.graceful()
        assert httpd.parent() == parent, what
        assert httpd.certificate(NAME).serial_number == serial, what
        assert httpd.log.count(told) > before, f"{what} is told in the log"

    for what, (breaks, told) in TROUBLES.items():
        breaks(site)
        survives(what, told)
        site.mend()
    site.user = "no-such-user"
    site.configure()
    survives("user gone", "ACMEUser: .*no-such-user")
    assert "no-such-user" in httpd.certificate_status(NAME)["problem"]["detail"]
    assert httpd.certificate_status(NAME)["state"] == "failing"
    assert b"no-such-user" in httpd.get("localhost", "/acme-status").body
    site.user = "www-data"
    site.configure()
    program = site.keeper.read_bytes()
    site.keeper.write_text("#!/bin/sh\nexit 7\n")
    survives("keeper of another kind", "keeper program")
    site.keeper.unlink()
    survives("keeper gone", "keeper program")
    assert "keeper" in httpd.certificate_status(NAME)["problem"]["advice"]

    for path in (site.key, site.proxy, site.trust, site.hook, site.program):
        path.unlink()
    httpd.stop()
    httpd.start()
    assert httpd.certificate(NAME).serial_number == serial, "after a reboot, with all of it broken"
    site.mend()
    site.keeper.write_bytes(program)
    site.keeper.chmod(0o755)
    httpd.graceful()
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "all well")
    assert (ca.accounts(), ca.orders()) == (1, 1)


def test_not_fatal_when_a_running_server_begins_to_manage(site):
    """Nothing was ever in the store; a bare signal, as log rotation sends it, tests nothing before."""
    httpd = site.httpd
    httpd.configure()
    httpd.start()
    parent = httpd.parent()
    site.key.unlink()
    site.trust.unlink()
    site.configure()
    parent.kill(signal.SIGUSR1)
    wait_until(lambda: httpd.restarts() == 2, 15, "the restart")
    assert httpd.parent() == parent
    httpd.wait_for_certificate(NAME, site.ca)
    httpd.wait_for_status(OTHER, lambda e: e["state"] == "failing", "trouble")
    detail = httpd.certificate_status(OTHER)["problem"]["detail"]
    assert "trust.pem" in detail
    site.mend()
    httpd.stop()
    site.keeper.unlink()
    site.key.unlink()
    httpd.start()
    assert httpd.certificate(NAME) is not None


def file_in_place(httpd):
    httpd.store.dir.rename(httpd.dir / "away")
    httpd.store.dir.write_text("")


def given_away(httpd):
    os.chown(httpd.store.dir, pwd.getpwnam("www-data").pw_uid, 0)


def of_a_newer_version(httpd):
    assert json.loads((httpd.store.dir / "format.json").read_text()) == {"version": 1}
    newer = httpd.store.dir / "newer.json"
    newer.write_text('{"version": 2}')
    newer.rename(httpd.store.dir / "format.json")  # a keeper that starts may be reading it


def mend_store(httpd):
    if httpd.store.dir.is_file():
        httpd.store.dir.unlink()
        (httpd.dir / "away").rename(httpd.store.dir)
    os.chown(httpd.store.dir, 0, 0)
    (httpd.store.dir / "format.json").unlink(missing_ok=True)  # as one that was written before there was a number


@pytest.mark.parametrize("breaks,served,told", [
    (file_in_place, False, "is not a directory"), (given_away, True, "belongs to the user"),
    (of_a_newer_version, True, "written by a newer mod_acme_eab")])
def test_a_store_that_cannot_be_used(world, breaks, served, told):
    """Whoever could read it serves it, nothing in it is changed, and the status says why."""
    world.expect(WARNED)
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    serial = httpd.wait_for_certificate(NAME, ca).serial_number
    parent = httpd.parent()
    breaks(httpd)
    status, output = httpd.check()
    assert status == 0 and told in output, output
    parent.kill(signal.SIGUSR1)
    wait_until(lambda: httpd.log.count(f"warn.*{told}") > 0, 15, "the restart")
    httpd.wait_for_status(NAME, lambda e: e["state"] == "failing", "trouble")
    problem = httpd.certificate_status(NAME)["problem"]
    assert problem["type"].endswith(":store") and told in problem["detail"]
    assert httpd.parent() == parent
    assert (httpd.certificate(NAME).serial_number == serial) == served
    if breaks == of_a_newer_version:
        acmectl = Acmectl(httpd)
        done = acmectl("renew", NAME)
        assert done.code == 1 and told in done.err, done.err
        done = acmectl("status")
        assert done.code == 3 and told in done.out and not done.err, done.err
        assert told in acmectl("check", "--offline").out
    httpd.stop()
    httpd.start()
    assert (httpd.certificate(NAME).serial_number == serial) == served
    mend_store(httpd)
    httpd.graceful()
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "all well")
    assert httpd.certificate(NAME).serial_number == serial
    assert (ca.accounts(), ca.orders()) == (1, 1)
    assert json.loads((httpd.store.dir / "format.json").read_text()) == {"version": 1}


DAMAGES = {
    "empty": b"",
    "cut": b'{"directory": "https://',
    "binary": bytes(range(256)),
    "another type": b'["a", "list"]\n',
    "members of another type": b'{"directory": 7, "url": [], "attempted": "no", "last": {}, "asked": 1,'
                               b' "attempts": "x", "problem": 3, "account": {}, "ari_id": 5}\n',
    "a directory": None,
}


def spoil(path, content):
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if content is None:
        path.mkdir()
        (path / "something").write_text("in it\n")
    else:
        path.write_bytes(content)


def test_damaged_records_of_the_store(world):
    """The key of the account and the certificate are whole: no second account, no other order, and a
    line for each that could not be read. The EAB key is gone, as the documentation allows."""
    world.expect(WARNED)
    httpd = world.httpd()
    ca = world.ca(httpd)
    failing = "\n".join(["<ACMEAccount nowhere>", "ACMEServer https://127.0.0.1:1/directory",
                         "</ACMEAccount>", f"<ACMEManagedDomain {OTHER}>", "ACMEUseAccount nowhere",
                         "</ACMEManagedDomain>"])
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True), failing, httpd.site(OTHER))
    httpd.start()
    serial = httpd.wait_for_certificate(NAME, ca).serial_number
    httpd.wait_for_problem(OTHER, "caUnreachable")
    bound = next(path for path in httpd.store.dir.glob("accounts/*/account.json")
                 if "url" in path.read_text())
    httpd.key_file.write_text("")

    def records():
        return [bound, httpd.store.dir / "reload.json", httpd.store.live(NAME).resolve() / "meta.json",
                *httpd.store.dir.glob("failures/*.json"),
                *httpd.store.dir.glob("archive/*/renewal.json")]
    wait_until(lambda: len(records()) >= 5, 15, "records of each kind")
    parent = httpd.parent()
    for what, content in DAMAGES.items():
        spoilt = records()
        for path in spoilt:
            spoil(path, content)
        before = len(httpd.log.lines("."))
        assert httpd.check()[0] == 0, what
        httpd.graceful()
        httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", f"state valid, {what}")
        assert httpd.parent() == parent, what
        assert httpd.certificate(NAME).serial_number == serial, what
        httpd.wait_for_problem(OTHER, "caUnreachable")
        said = "\n".join(httpd.log.text().splitlines()[before:])
        assert str(bound) in said and "remove" not in said, said
        if what != "members of another type":
            for path in spoilt[1:2] + spoilt[3:]:
                assert said.count(f"{path} is damaged") == 1, f"{what}: {path}: {said}"
            assert "meta.json" in said
    assert (ca.accounts(), ca.orders()) == (1, 1)

    httpd.configure(httpd.acme(ca, key="", more="ACMEKeyType p384"), httpd.site(NAME, managed=True),
                    failing, httpd.site(OTHER))
    httpd.stop()
    httpd.start()
    httpd.wait_for_certificate(NAME, ca, other_than=serial)
    assert (ca.accounts(), ca.orders()) == (1, 2), "the account was found by its key"
    assert "url" in bound.read_text()
