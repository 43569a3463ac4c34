# SPDX-License-Identifier: Apache-2.0
"""Real ACME clients get certificates from a CA that demands EAB; what they have left is imported, and
httpd goes on with it: no account is registered and nothing is ordered."""

import os
import subprocess
from pathlib import Path

from harness import certificates
from harness.acmectl import Acmectl
from harness.waiting import PATIENCE, wait_until

NAME = "www.test.example"
ALIAS = "test.example"
OTHER = "other.test.example"
KEY = Path("/etc/apache2/acme/eab.key")


def run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60 * PATIENCE, **options)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}"
    return done.stdout


def acmectl(httpd, *arguments):
    """(exit status, standard output, standard error)"""
    done = Acmectl(httpd)(*arguments)
    return done.code, done.out, done.err


def snapshot(directory):
    """All that is in a directory, and when it was changed."""
    found = {}
    for path in sorted(directory.rglob("*")):
        status = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
        found[str(path)] = (status.st_mode, status.st_mtime_ns, content)
    return found


def certbot(httpd, ca, names, *more, kid="kid-1"):
    directory = httpd.dir / "letsencrypt"
    directory.mkdir(exist_ok=True)
    (directory / "cli.ini").write_text(
        f"server = {ca.url}\nemail = webmaster@test.example\neab-kid = {kid}\n"
        f"eab-hmac-key = {ca.keys[kid]}\n")
    run(["certbot", "certonly", "--non-interactive", "--agree-tos", "--standalone",
         "--config", directory / "cli.ini", "--config-dir", directory,
         "--work-dir", httpd.dir / "certbot-work", "--logs-dir", httpd.dir / "certbot-logs",
         "--http-01-port", str(httpd.http), "--http-01-address", "127.0.0.1",
         *[word for name in names for word in ("-d", name)], *more],
        env={**os.environ, "REQUESTS_CA_BUNDLE": str(ca.tls_certificate)})
    return directory


def first_start(httpd, ca, config, names):
    """httpd with the lines that were printed, and an empty key file. What the CA was asked meanwhile,
    and the serial numbers that are served."""
    httpd.write_key("")
    config = config.replace(str(KEY), str(httpd.key_file))
    httpd.configure(f'ACMECACertificateFile "{ca.tls_certificate}"', config,
                    *[httpd.site(name) for name in names])
    before = ca.registrations(), ca.orders(), ca.issued()
    httpd.start()
    serials = [httpd.wait_for_certificate(name, ca).serial_number for name in names]
    for name in names:
        entry = httpd.wait_for_status(name, lambda e: e["state"] == "valid", "valid")
        assert entry["next"]["what"] == "renew"
    assert (ca.registrations(), ca.orders(), ca.issued()) == before
    return serials


def still_renews(httpd, ca, name, serial):
    """The imported account can order: another key type is asked for."""
    text = httpd.conf.read_text()
    registrations = ca.registrations()
    httpd.conf.write_text(text.replace("ACMEKeyType", "ACMEKeyType p384\n#", 1))
    httpd.graceful()
    httpd.wait_for_issue(name, other_than=serial)
    assert ca.registrations() == registrations


def serial_of(path):
    return certificates.load(path.read_bytes()).serial_number


def test_certbot(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    directory = certbot(httpd, ca, [NAME, ALIAS], "--key-type", "ecdsa")
    before = snapshot(directory)

    status, out, err = acmectl(httpd, "import", "certbot", str(directory), "--dry-run", "--print-config")
    assert status == 0, err
    assert "2 would be imported, 0 kept, 0 skipped" in err
    assert f"<ACMEManagedDomain {NAME} {ALIAS}>" in out and "ACMEKeyType p256" in out
    assert "ACMEEABKid kid-1" in out and f"ACMEServer {ca.url}" in out
    assert "ACMEContact mailto:webmaster@test.example" in out
    assert not httpd.store.dir.exists()

    status, report, err = acmectl(httpd, "import", "certbot", str(directory))
    assert status == 0, err
    assert "2 imported, 0 kept, 0 skipped" in report and "certbot.timer" in report
    assert ca.keys["kid-1"] not in out + report + err
    assert snapshot(directory) == before
    assert httpd.store.others_can_read() == []
    assert ca.keys["kid-1"].encode() not in b"".join(
        path.read_bytes() for path in httpd.store.dir.rglob("*") if path.is_file())

    [serial] = first_start(httpd, ca, out, [NAME])
    assert serial == serial_of(directory / "live" / NAME / "cert.pem")

    status, report, err = acmectl(httpd, "import", "certbot", str(directory))
    assert status == 1 and "in use by a running httpd" in err
    still_renews(httpd, ca, NAME, serial)
    httpd.stop()
    status, report, err = acmectl(httpd, "import", "certbot", str(directory))
    assert "kept (already there)  account" in report and "the store has a newer one" in report


def test_lego(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    directory = httpd.dir / "lego"
    run(["lego", "--server", ca.url, "--email", "webmaster@test.example", "--accept-tos", "--eab",
         "--kid", "kid-1", "--hmac", ca.keys["kid-1"], "--domains", NAME, "--domains", ALIAS,
         "--http", "--http.port", f"127.0.0.1:{httpd.http}", "--path", directory, "run"],
        env={**os.environ, "LEGO_CA_CERTIFICATES": str(ca.tls_certificate)})
    before = snapshot(directory)

    status, report, err = acmectl(httpd, "import", "lego", str(directory))
    assert status == 0 and "give it with --directory" in report  # the certificate came alone
    status, out, err = acmectl(httpd, "import", "lego", str(directory), "--directory", ca.url,
                               "--print-config")
    assert status == 0 and "1 imported, 1 kept, 0 skipped" in err, err
    assert snapshot(directory) == before
    assert "ACMEEABKid kid-1" in out  # as the CA gives it back
    [serial] = first_start(httpd, ca, out, [NAME])
    assert serial == serial_of(directory / "certificates" / f"{NAME}.crt")
    still_renews(httpd, ca, NAME, serial)


def test_dehydrated(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    directory = httpd.dir / "dehydrated"
    directory.mkdir()
    answers = httpd.htdocs / ".well-known" / "acme-challenge"
    answers.mkdir(parents=True)
    (directory / "config").write_text(
        f'CA="{ca.url}"\nBASEDIR="{directory}"\nWELLKNOWN="{answers}"\nEAB_KID="kid-1"\n'
        f'EAB_HMAC_KEY="{ca.keys["kid-1"]}"\nKEY_ALGO=secp384r1\nCHALLENGETYPE="http-01"\n'
        'CONTACT_EMAIL="webmaster@test.example"\nOCSP_FETCH="no"\n')
    httpd.configure()
    httpd.start()
    environment = {**os.environ, "CURL_CA_BUNDLE": str(ca.tls_certificate)}
    config = ["--config", directory / "config"]
    run(["dehydrated", *config, "--register", "--accept-terms"], env=environment)
    run(["dehydrated", *config, "--cron", "--domain", f"{NAME} {ALIAS}"], env=environment)
    httpd.stop()
    before = snapshot(directory)

    status, out, err = acmectl(httpd, "import", "dehydrated", str(directory), "--print-config")
    assert status == 0 and "2 imported, 0 kept, 0 skipped" in err, err
    assert snapshot(directory) == before
    assert "ACMEKeyType p384" in out and "ACMEChallenge http-01" in out
    [serial] = first_start(httpd, ca, out, [NAME])
    assert serial == serial_of(directory / "certs" / NAME / "cert.pem")


MD = """\
MDStoreDir "{httpd.dir}/md"
MDCertificateAuthority {ca.url}
MDCACertificateFile "{ca.tls_certificate}"
MDCertificateAgreement accepted
MDContactEmail webmaster@test.example
MDExternalAccountBinding kid-1 {key}
MDPortMap http:{httpd.http} https:{httpd.https}
MDPrivateKeys secp256r1 rsa2048
MDRenewWindow 30d
MDCAChallenges http-01
MDomain www.test.example test.example
"""


def test_mod_md_beside_certbot(world):
    """mod_md with two key types has a first certificate that httpd has not taken over yet; certbot has
    another one from another account. Both are imported, and one httpd goes on with all of it."""
    world.expect(r"(md|ssl):(warn|error|notice)\]")
    md, httpd = world.httpd(), world.httpd()
    md.module = None
    md.modules = ["md"]
    ca = world.ca(md, kids=("kid-1", "kid-2"))
    httpd.http = md.http
    md.configure(MD.format(httpd=md, ca=ca, key=ca.keys["kid-1"]), md.site(NAME))
    md.start()
    staging = md.dir / "md" / "staging" / NAME
    wait_until(lambda: all((staging / f"pubcert{kind}.pem").exists() for kind in ("", ".secp256r1"))
               and md.log.count("AH10059"), 20, "mod_md's certificates")
    md.stop()
    certbot(httpd, ca, [OTHER], "--key-type", "rsa", "--rsa-key-size", "2048", kid="kid-2")
    before = snapshot(md.dir / "md")

    status, mine, err = acmectl(httpd, "import", "mod_md", str(md.dir / "md"), "--print-config",
                                "--label", "campus")
    assert status == 0 and "3 imported, 0 kept, 0 skipped" in err, err
    assert snapshot(md.dir / "md") == before
    assert ca.keys["kid-1"] not in mine + err
    assert "ACMERenewBefore 30d" in mine and "ACMEUseAccount campus" in mine
    assert "ACMEKeyType p256 rsa2048" in mine or "ACMEKeyType rsa2048 p256" in mine
    status, other, err = acmectl(httpd, "import", "certbot", str(httpd.dir / "letsencrypt"),
                                 "--print-config", "--label", "shop")
    assert status == 0 and "2 imported" in err, err
    served = first_start(httpd, ca, mine + other, [NAME, OTHER])
    assert served[0] in (serial_of(staging / "pubcert.pem"),
                         serial_of(staging / "pubcert.secp256r1.pem"))
    assert served[1] == serial_of(httpd.dir / "letsencrypt" / "live" / OTHER / "cert.pem")
    assert len(httpd.store.bound_accounts()) == 2

    # After a graceful restart mod_md has all of it in other places, and the keys in clear.
    httpd.stop()
    md.start()
    wait_until(lambda: (md.dir / "md" / "domains" / NAME / "pubcert.pem").exists(), 20, "mod_md's store")
    md.stop()
    status, report, err = acmectl(httpd, "import", "mod_md", str(md.dir / "md"))
    assert status == 0 and "0 imported, 3 kept, 0 skipped" in report, report
