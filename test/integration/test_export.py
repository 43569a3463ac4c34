# SPDX-License-Identifier: Apache-2.0
"""ACMEExport: files for other programs, written by the keeper after each installation."""

import grp
import os
import stat
import subprocess

from harness import certificates
from harness.acmectl import Acmectl
from harness.waiting import wait_until

NAME = "www.test.example"
WILD = "*.w.test.example"
GROUP = "www-data"


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def serial_in(path):
    return certificates.load(path.read_bytes()).serial_number


def exports(httpd):
    return {entry["path"]: entry.get("problem") for entry in httpd.status().get("exports", [])}


def pfx(path, password):
    """(what openssl says of the file, its certificates and key in PEM)"""
    status, info = openssl("pkcs12", "-in", path, "-passin", f"file:{password}", "-info", "-noout")
    assert status == 0, info
    status, pem = openssl("pkcs12", "-in", path, "-passin", f"file:{password}", "-nodes")
    assert status == 0, pem
    return info, pem


def test_exports(world):
    world.expect(r"acme_eab:error\].*ACMEExport at .*httpd.conf:\d+: certificate " + NAME,
                 r"acme_eab:warn\].*ACMEExport 'left-the-house:root' names the user")
    httpd = world.httpd()
    ca = world.ca(httpd)
    out = httpd.dir / "out"
    for folder in (out, out / "open", out / "iis"):
        folder.mkdir()
        os.chmod(folder, 0o755)
    os.chmod(out / "open", 0o777)
    password = httpd.dir / "password"
    password.write_text("seKret 1\n")
    os.chmod(password, 0o600)
    lines = "\n".join([
        f"ACMEExport {NAME} haproxy {out}/haproxy.pem root:{GROUP} 0640",
        f'ACMEExport {NAME} fullchain "{out}/full chain.pem" root:root 0644',
        f"ACMEExport {NAME} key {out}/open/key.pem root:root 0600",
        f"ACMEExport {NAME} pfx {out}/iis/ root:root 0600 file:{password}",
        f"ACMEExport {NAME} pfx-legacy {out}/legacy.pfx root:root 0600 file:{password}",
    ])
    httpd.configure(httpd.acme(ca), lines, httpd.site(NAME, managed=True))
    status, said = httpd.check()
    assert status == 0, said
    httpd.start()
    httpd.wait_for_issue(NAME)
    haproxy = out / "haproxy.pem"
    wait_until(haproxy.exists, 20, "the exported file")
    wait_until(lambda: exports(httpd).get(f"{out}/open/key.pem"), 20, "the problem in the status")
    problems = exports(httpd)
    assert [path for path, problem in problems.items() if problem] == [f"{out}/open/key.pem"]
    assert "others can write to it" in problems[f"{out}/open/key.pem"]
    assert list((out / "open").iterdir()) == []

    status = haproxy.stat()
    assert (status.st_uid, status.st_gid) == (0, grp.getgrnam(GROUP).gr_gid)
    assert stat.S_IMODE(status.st_mode) == 0o640
    serial = int(httpd.wait_for_status(NAME, lambda e: e["keys"], "keys")["keys"][0]["serial"], 16)
    assert serial_in(haproxy) == serial_in(out / "full chain.pem") == serial
    status, said = openssl("pkey", "-in", haproxy, "-check", "-noout")
    assert status == 0 and "valid" in said
    info, pem = pfx(out / "iis" / f"{NAME}.pfx", password)
    assert "PBES2" in info and "AES-256-CBC" in info and "Iteration 100000" in info
    assert f"friendlyName: {NAME}" in pem and "PRIVATE KEY" in pem
    info, pem = pfx(out / "legacy.pfx", password)
    assert "pbeWithSHA1And3-KeyTripleDES-CBC" in info and "MAC: sha1" in info
    assert [path for path in out.rglob(".tmp-*")] == []

    # The next keeper knows of it, and does not say it again.
    wait_until(lambda: httpd.restarts() == 2, 20, "the restart for the certificate")
    (out / "legacy.pfx").unlink()
    httpd.graceful()
    wait_until((out / "legacy.pfx").exists, 20, "the last file, by the next keeper")
    assert exports(httpd)[f"{out}/open/key.pem"] == problems[f"{out}/open/key.pem"]
    assert httpd.log.count(r"open/key\.pem cannot be written") == 1

    # Mended: the rest comes by itself. And each new certificate, but for an owner that has gone.
    os.chmod(out / "open", 0o755)
    wait_until((out / "open" / "key.pem").exists, 40, "the file that could not be written")
    wait_until(lambda: not any(exports(httpd).values()), 20, "the end of the problem")
    assert not (httpd.store.dir / "unexported.json").exists()
    before = haproxy.stat().st_ino
    gone = out / "gone.pem"
    httpd.configure(httpd.acme(ca, more="ACMEKeyType p384"), lines,
                    f"ACMEExport {NAME} key {gone} left-the-house:root 0640",
                    httpd.site(NAME, managed=True))
    status, said = httpd.check()
    assert status == 0 and "names the user left-the-house, who does not exist here" in said
    httpd.graceful()
    httpd.wait_for_issue(NAME, other_than=serial)
    wait_until(lambda: serial_in(haproxy) != serial, 20, "the new certificate in the file")
    wait_until(lambda: serial_in(out / "full chain.pem") != serial, 20, "the same in the other")
    assert haproxy.stat().st_ino != before
    wait_until(lambda: exports(httpd).get(str(gone)), 20, "the owner who does not exist")
    assert "Its OWNER:GROUP names the user left-the-house" in exports(httpd)[str(gone)]
    assert not gone.exists()  # a key would be of the wrong owner

    # Somebody has removed one: the next start writes it, and leaves the others as they are.
    haproxy.unlink()
    before = (out / "full chain.pem").stat().st_ino
    httpd.graceful()
    wait_until(haproxy.exists, 20, "the removed file")
    assert (out / "full chain.pem").stat().st_ino == before
    wait_until(lambda: [path for path, problem in exports(httpd).items() if problem] == [str(gone)],
               20, "the owner who does not exist, and no other problem")
    assert len(exports(httpd)) == 6 and not gone.exists()
    assert "seKret" not in httpd.log.path.read_text() + (httpd.run_dir / "status.json").read_text()


def test_without_a_restart_of_httpd(world):
    """The keeper that installs a certificate exports it."""
    world.expect(r"ACMEReload|[Rr]estart httpd")
    httpd = world.httpd()
    ca = world.ca(httpd)
    out = httpd.dir / "out"
    out.mkdir()
    os.chmod(out, 0o755)
    httpd.configure(httpd.acme(ca), "ACMEReload off",
                    f"ACMEExport {NAME} fullchain {out}/chain.pem root:root 0644",
                    httpd.site(NAME, managed=True))
    httpd.start()
    keeper = httpd.wait_for_keeper()
    wait_until((out / "chain.pem").exists, 30, "the exported file")
    entry = httpd.wait_for_status(NAME, lambda e: e["keys"], "keys")
    assert serial_in(out / "chain.pem") == int(entry["keys"][0]["serial"], 16)
    assert httpd.wait_for_keeper() == keeper


def test_acmectl_export(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    acmectl = Acmectl(httpd)
    httpd.configure(httpd.acme(ca, more="ACMEKeyType p256 rsa2048"), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    wait_until(lambda: httpd.store.certificate(f"{NAME}+rsa2048"), 20, "the second certificate")
    out, password = httpd.dir / "out", httpd.dir / "password"
    out.mkdir()
    os.chmod(out, 0o755)

    done = acmectl("export", NAME, "--format", "haproxy", "--out", out / "a.pem", "--group", GROUP,
                   "--mode", "0640")
    assert done.code == 0, done.err
    status = (out / "a.pem").stat()
    assert stat.S_IMODE(status.st_mode) == 0o640 and status.st_gid == grp.getgrnam(GROUP).gr_gid
    assert serial_in(out / "a.pem") == httpd.store.certificate(NAME).serial_number
    done = acmectl("--json", "export", f"{NAME}+rsa2048", "--format", "der", "--out", out / "a.der")
    assert done.json()["written"] == 1
    assert openssl("x509", "-inform", "DER", "-in", out / "a.der", "-noout")[0] == 0

    done = acmectl("export", NAME, "--format", "pfx", "--out", out, "--per-name",
                   "--generate-password", password)
    assert done.code == 0, done.err
    assert len(password.read_text().strip()) == 24
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    info, pem = pfx(out / f"{NAME}.pfx", password)
    assert f"friendlyName: {NAME}" in pem
    done = acmectl("export", NAME, "--format", "pfx", "--pfx-profile", "legacy", "--out",
                   out / "b.pfx", "--password-file", password)
    assert done.code == 0 and "3-KeyTripleDES" in pfx(out / "b.pfx", password)[0]

    for arguments, code, words in [
            (("other.test.example", "--format", "key", "--out", out / "x"), 4, "no certificate called"),
            ((NAME, "--format", "jks", "--out", out / "x"), 2, "they are pem, haproxy"),
            ((NAME, "--format", "pfx", "--out", out / "x"), 2, "needs a password"),
            ((NAME, "--format", "key", "--out", out / "x", "--mode", "0644"), 2, "everybody"),
            ((NAME, "--format", "key", "--out", "/tmp/acme-eab-x"), 1, "others can write to it")]:
        done = acmectl("export", *arguments)
        assert done.code == code and words in done.err, done.err
    assert not (out / "x").exists()


def test_mistakes(world):
    httpd = world.httpd()
    ca = world.ca(httpd)

    def said_of(line):
        httpd.configure(httpd.acme(ca), line, httpd.site(NAME, managed=True))
        status, said = httpd.check()
        assert status != 0, line
        place = f"httpd.conf:{httpd.line_of(line)}"
        return next(text for text in said.splitlines() if place in text)

    for line, words in [
            ("ACMEExport other.test.example key /srv/x root:root 0600", "other.test.example"),
            (f"ACMEExport {NAME} jks /srv/x root:root 0600", "'jks' is no format; they are pem, haproxy"),
            (f"ACMEExport {NAME} key srv/x root:root 0600", "'srv/x' is no whole path"),
            (f"ACMEExport {NAME} key /srv/x root 0600", "'root' is no OWNER:GROUP"),
            (f"ACMEExport {NAME} key /srv/x root:root 0644", "lets everybody read the private key"),
            (f"ACMEExport {NAME} key /srv/x nobody-here:root 0600", "the user nobody-here"),
            (f"ACMEExport {NAME} pfx /srv/x root:root 0600", "file with its password"),
            (f"ACMEExport {NAME} pfx /srv/x root:root 0600 secret", "from a file alone"),
            (f"ACMEExport {NAME} pfx /srv/x root:root 0600 file:/nowhere", "/nowhere"),
            (f"ACMEExport {NAME} key /srv/x/ root:root 0600", "names a directory"),
            (f"ACMEExport {NAME} key", "takes NAME FORMAT PATH OWNER:GROUP MODE")]:
        said = said_of(line)
        assert words in said and "secret" not in said, line
