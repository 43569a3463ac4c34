# SPDX-License-Identifier: Apache-2.0
"""From a start with ten lines of configuration to trusted https, with no hand on it."""

import os
import pwd
import stat
import subprocess

import pytest

from harness import ca as authority
from harness import certificates, store
from harness.client import Prober

NAME = "www.test.example"


def start(world, httpd=None, parts=(), more="", **ca_options):
    httpd = httpd or world.httpd()
    ca = world.ca(httpd, **ca_options)
    httpd.configure(httpd.acme(ca, more=more, key_type=None), *(parts or (httpd.site(NAME, managed=True),)))
    httpd.start()
    return httpd, ca


@pytest.mark.smoke
def test_issued_and_served_while_no_connection_is_refused(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(
        httpd.acme(ca, more=f"ACMEManagedDomain {NAME} test.example", key_type=None),
        httpd.site(NAME, aliases=["test.example"]))
    httpd.start()
    with Prober([lambda: httpd.get(NAME), lambda: httpd.get_tls(NAME)]) as prober:
        served = httpd.wait_for_certificate(NAME, ca)
    assert prober.failures == []
    assert prober.requests >= 4, "before and after, of both kinds"
    assert ca.registrations() == 1
    assert (ca.accounts(), ca.orders(), ca.issued()) == (1, 1, 1)
    assert ca.count("GET /dir ") == 1, "the directory is fetched once"
    # Two authorizations are read at once; all other nonces come with the answers.
    assert ca.count(" /nonce-plz ") <= 2
    assert ca.count(authority.FINALIZE) == 1
    assert sorted(certificates.names_of(served)) == ["test.example", NAME]
    # Newer versions of Pebble leave the subject empty, whatever the request says.
    assert certificates.common_name_of(served) in (NAME, None)
    assert served.public_key().key_size == 2048
    for name in (NAME, "test.example"):
        assert httpd.get_tls(name, trust=ca.root()).body == b"hello\n"


def test_status_tells_what_it_is_and_what_comes_next(world):
    httpd, ca = start(world)
    served = httpd.wait_for_certificate(NAME, ca)
    entry = httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "state valid")
    assert entry["names"] == [NAME]
    assert int(entry["keys"][0]["serial"], 16) == served.serial_number
    assert entry["keys"][0]["type"] == "rsa2048"
    assert entry["next"]["what"] == "renew"
    assert not entry.get("problem")
    status = httpd.status()
    account = status["accounts"][0]
    assert account["state"] == "valid"
    assert account["url"].startswith("https://localhost:")
    assert status["processes"]["keeper"]["pid"] == httpd.keeper().pid
    assert status["processes"]["agent"]["pid"] == httpd.agent().pid
    assert status["reload"]["state"] == "idle"
    page = httpd.get("localhost", "/acme-status")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert NAME in page.body.decode()
    assert "<script" not in page.body.decode().lower()
    assert b"kid-1" not in page.body


def test_each_process_has_its_own_rights(world):
    httpd, ca = start(world)
    httpd.wait_for_certificate(NAME, ca)
    keeper, agent = httpd.wait_for_keeper(), httpd.wait_for_agent()
    user = pwd.getpwnam("www-data")
    assert set(keeper.user_ids()) == {0}
    assert set(agent.user_ids()) == {user.pw_uid}
    assert set(agent.groups()) <= {user.pw_gid}
    assert agent.status("NoNewPrivs") == "1"
    assert int(agent.status("CapEff"), 16) == 0
    assert int(agent.status("CapPrm"), 16) == 0
    listeners = {f"socket:[{inode}]" for inode in listening_inodes(httpd.http, httpd.https)}
    assert len(listeners) == 2
    for process in (keeper, agent):
        held = set(process.descriptors().values())
        assert not held & listeners, f"{process.name} holds a listener of httpd"
    assert not any(str(httpd.store.dir) in target for target in agent.descriptors().values())
    assert b"libcurl" not in maps(keeper)
    assert b"libcurl" not in maps(httpd.parent())
    assert b"libcurl" in maps(agent)


def maps(process):
    with open(f"/proc/{process.pid}/maps", "rb") as file:
        return file.read()


def listening_inodes(*ports):
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return [row[9] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) in ports]


def test_only_the_owner_can_read_the_store(world):
    httpd, ca = start(world)
    httpd.wait_for_certificate(NAME, ca)
    assert httpd.store.others_can_read() == []
    live = httpd.store.live(NAME)
    assert os.path.islink(live)
    key = (live / "privkey.pem").read_bytes()
    assert store.key_matches(httpd.store.certificate(NAME), key)
    assert stat.S_IMODE((live / "privkey.pem").stat().st_mode) == 0o600


def test_a_restart_orders_nothing(world):
    httpd, ca = start(world)
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.graceful()
    assert httpd.wait_for_certificate(NAME, ca).serial_number == first.serial_number
    httpd.stop()
    httpd.start()
    assert httpd.certificate(NAME).serial_number == first.serial_number
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "state valid")
    assert ca.registrations() == 1
    assert (ca.orders(), ca.issued()) == (1, 1)


def test_prefork(world):
    httpd = world.httpd()
    httpd.mpm = "prefork"
    httpd, ca = start(world, httpd)
    httpd.wait_for_certificate(NAME, ca)


def test_key_type_is_as_configured(world):
    httpd, ca = start(world, more="ACMEKeyType p384")
    served = httpd.wait_for_certificate(NAME, ca)
    assert served.public_key().curve.name == "secp384r1"


def test_key_from_a_program(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    program = httpd.dir / "print-key"
    program.write_text(f"#!/bin/sh\necho {ca.keys['kid-1']}\n")
    program.chmod(0o700)
    text = httpd.acme(ca).replace(f'"file:{httpd.key_file}"', f'"exec:{program}"')
    httpd.key_file.unlink()
    httpd.configure(text, httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)


def test_key_from_a_service_credential(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    directory = httpd.dir / "credentials"
    directory.mkdir(mode=0o700)
    (directory / "eab").write_text(ca.keys["kid-1"])
    (directory / "eab").chmod(0o400)
    httpd.environment["CREDENTIALS_DIRECTORY"] = str(directory)
    text = httpd.acme(ca).replace(f'"file:{httpd.key_file}"', "credential:eab")
    httpd.key_file.unlink()
    httpd.configure(text, httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)


def test_the_bundle_of_a_whole_system_verifies_the_ca(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    bundle = httpd.dir / "bundle.pem"
    certificate = ca.tls_certificate.read_text()
    bundle.write_text("".join(f"# {number}\n{certificate}" for number in range(600)))
    assert bundle.stat().st_size > 300 * 1024
    httpd.configure(httpd.acme(ca).replace(str(ca.tls_certificate), str(bundle)),
                    httpd.site(NAME, managed=True))
    assert httpd.check() == (0, "Syntax OK\n")
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)


def test_a_static_certificate_serves_until_ours_is_there(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    certificate, key = certificates.make_self_signed([NAME])
    (httpd.dir / "static.pem").write_bytes(certificate + key)
    httpd.configure(httpd.acme(ca), httpd.site(
        NAME, managed=True, more=f'SSLCertificateFile "{httpd.dir}/static.pem"'))
    ca.pause()
    httpd.start()
    static = certificates.load(certificate)
    assert httpd.certificate(NAME).serial_number == static.serial_number
    assert httpd.get_tls(NAME).status == 200
    ca.resume()
    ours = httpd.wait_for_certificate(NAME, ca)
    assert ours.serial_number != static.serial_number


def test_a_name_without_a_vhost_gets_its_certificate(world):
    httpd, ca = start(world, parts=["ACMEManagedDomain mail.test.example",
                                    "<VirtualHost *:1>\nServerName unrelated.example\n"
                                    "</VirtualHost>"])
    httpd.wait_for_status("mail.test.example", lambda e: e["state"] == "valid", "state valid")
    assert httpd.store.certificate("mail.test.example") is not None
    assert httpd.log.lines(r":notice\].*mail\.test\.example")
    assert httpd.parent() is not None


def test_another_module_can_ask(world):
    """include/mod_acme_eab.h, with the module in test/module."""
    probe = os.environ.get("EAB_PROBE")
    assert probe, "EAB_PROBE is not set: the path of mod_eab_probe.so, which make check builds"
    httpd = world.httpd()
    httpd.more_lines = [f'LoadModule eab_probe_module "{probe}"']
    ca = world.ca(httpd)
    certificate, key = certificates.make_self_signed([NAME, "static.test.example"])
    (httpd.dir / "static.pem").write_bytes(certificate + key)
    static = f'SSLCertificateFile "{httpd.dir}/static.pem"'
    httpd.configure(
        httpd.acme(ca), "<Location /probe>\nSetHandler eab-probe\n</Location>",
        httpd.site("static.test.example", more=static),
        httpd.site(NAME, managed=True, more=static))
    ca.pause()
    httpd.start()

    def answer(name):
        return httpd.get_tls(name, "/probe").body.decode().strip()
    assert answer("static.test.example") == "managed=0 state=unmanaged certificate=-"
    assert answer(NAME) == f"managed=1 state=own certificate={NAME}"
    ca.resume()
    httpd.take_up(NAME, ca)
    assert answer(NAME) == f"managed=1 state=valid certificate={NAME}"


def test_openssl_verifies_the_chain_that_is_sent(world):
    httpd, ca = start(world)
    httpd.wait_for_certificate(NAME, ca)
    (world.dir / "root.pem").write_bytes(ca.root())
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{httpd.https}", "-servername", NAME,
         "-verify_hostname", NAME, "-verify_return_error", "-CAfile", world.dir / "root.pem"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
