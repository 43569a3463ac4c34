# SPDX-License-Identifier: Apache-2.0
"""What the TLS settings of a virtual host refuse costs it its certificate, and never the server."""

import datetime
import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from harness import certificates, client
from harness.waiting import wait_until

NAME = "www.test.example"
OTHER = "other.test.example"
NOBODY = "https://127.0.0.1:1/directory"  # the agent has nothing to do with these tests


def issued_by_rsa2048(name):
    """(chain, key) of a P-256 certificate of an authority with an RSA key of 2048 bits."""
    ca_key = rsa.generate_private_key(65537, 2048)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)

    def build(subject, public_key, is_ca):
        return (x509.CertificateBuilder()
                .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
                .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Weak CA")]))
                .public_key(public_key).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=30))
                .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), True)
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), False)
                .sign(ca_key, hashes.SHA256()))
    leaf = build(name, key.public_key(), False)
    authority = build("weak-ca.example", ca_key.public_key(), True)
    return (certificates.pem_of(leaf) + certificates.pem_of(authority),
            certificates.key_pem_of(key))


def seed(httpd, pairs, key_type="", name=NAME):
    """Put certificates into the store; the last one is live. Returns them."""
    entry = name + key_type
    archive = httpd.store.dir / "archive" / entry
    archive.mkdir(parents=True, mode=0o700)
    (httpd.store.dir / "live").mkdir(mode=0o700, exist_ok=True)
    os.chmod(httpd.store.dir, 0o700)
    for number, (chain, key) in enumerate(pairs, 1):
        generation = archive / f"{number:06}"
        generation.mkdir(mode=0o700)
        for file, content in (("privkey.pem", key), ("fullchain.pem", chain)):
            (generation / file).write_bytes(content)
            os.chmod(generation / file, 0o600)
    (httpd.store.dir / "live" / entry).symlink_to(f"../archive/{entry}/{len(pairs):06}")
    return [certificates.load(chain) for chain, _ in pairs]


def rsa2048_pair():
    return certificates.make_self_signed([NAME], key=certificates.make_rsa_key())


def configure(httpd, site="", server="", key_type="p256"):
    certificate, key = certificates.make_self_signed([OTHER])
    (httpd.dir / "other.pem").write_bytes(certificate + key)
    return httpd.configure(
        f"ACMEServer {NOBODY}", "ACMETermsOfService accepted", f"ACMEKeyType {key_type}", server,
        httpd.site(NAME, managed=True, more=site),
        httpd.site(OTHER, more=f'SSLCertificateFile "{httpd.dir}/other.pem"'))


def lives(httpd):
    assert httpd.get_tls(OTHER).status == 200
    return httpd.parent()


def test_a_certificate_that_the_level_refuses_does_not_end_httpd(world):
    """The key is too small, or that of the authority."""
    world.expect(r"acme_eab:(warn|error)\]")
    for make, reason in ((rsa2048_pair, "ee key too small"),
                         (lambda: issued_by_rsa2048(NAME), "ca key too small")):
        httpd = world.httpd()
        configure(httpd, site="SSLCipherSuite DEFAULT@SECLEVEL=3")
        seed(httpd, [make()])
        httpd.start()
        parent = lives(httpd)
        assert httpd.get_tls(NAME).status == 503
        place = f"SSLCipherSuite DEFAULT@SECLEVEL=3 ({httpd.conf}:{httpd.line_of('SECLEVEL')})"
        assert any(place in line for line in httpd.log.lines(reason))
        httpd.graceful()
        assert lives(httpd) == parent
        assert httpd.restarts() == 2, "httpd was not restarted in vain"


def test_a_ca_whose_own_key_is_too_small(world):
    """The certificate is there and cannot be used: told as that, and not ordered again and again."""
    world.expect(r"acme_eab:(warn|error)\]")
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca, more="ACMEKeyType p256"),
                    httpd.site(NAME, managed=True, more="SSLCipherSuite DEFAULT@SECLEVEL=3"))
    httpd.start()
    parent = httpd.parent()
    entry = httpd.wait_for_status(
        NAME, lambda e: e["problem"] and e["problem"]["type"].endswith(":unusable"),
        "that it cannot be used")
    problem = entry["problem"]
    assert entry["state"] == "failing" and entry["next"]["what"] == "renew"
    assert "ca key too small" in problem["detail"] and "SECLEVEL=3" in problem["detail"]
    assert f"{httpd.conf}:{httpd.line_of('SECLEVEL')}" in problem["detail"]
    assert "ACMEPreferredChain" in problem["advice"]
    assert httpd.get_tls(NAME).status == 503
    assert ca.issued() == 1 and httpd.parent() == parent and httpd.restarts() == 2
    # Eased, it is used.
    httpd.configure(httpd.acme(ca, more="ACMEKeyType p256"), httpd.site(NAME, managed=True))
    httpd.graceful()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "state valid")
    assert ca.issued() == 1


def test_the_last_one_that_is_allowed_is_used_instead(world):
    """The level came while httpd was running; inherited from the server, by any of the directives."""
    world.expect(r"acme_eab:(warn|error)\]")
    for directive in ("SSLCipherSuite DEFAULT@SECLEVEL=3",
                      "SSLOpenSSLConfCmd CipherString DEFAULT@SECLEVEL=3"):
        httpd = world.httpd()
        configure(httpd)
        good, weak = seed(httpd, [certificates.make_self_signed([NAME]), rsa2048_pair()])
        httpd.start()
        parent = lives(httpd)
        assert httpd.certificate(NAME).serial_number == weak.serial_number
        configure(httpd, server=directive)
        httpd.graceful()
        assert lives(httpd) == parent
        assert httpd.certificate(NAME).serial_number == good.serial_number
        assert any(directive in line for line in httpd.log.lines("ee key too small"))


def test_each_virtual_host_has_its_own_terms(world):
    """One certificate for two hosts: only the one that refuses it goes without."""
    world.expect(r"acme_eab:(warn|error)\]")
    httpd = world.httpd()
    httpd.configure(
        f"ACMEServer {NOBODY}", "ACMETermsOfService accepted", "ACMEKeyType p256",
        f"ACMEManagedDomain {NAME} second.test.example",
        httpd.site(NAME), httpd.site("second.test.example",
                                     more="SSLCipherSuite DEFAULT@SECLEVEL=3"))
    key = certificates.make_rsa_key()
    (weak,) = seed(httpd, [certificates.make_self_signed([NAME, "second.test.example"], key=key)])
    httpd.start()
    assert httpd.certificate(NAME).serial_number == weak.serial_number
    assert httpd.get_tls(NAME).status == 200
    assert httpd.get_tls("second.test.example").status == 503


def test_the_fallback_works_with_the_ciphers_that_are_allowed(world):
    """503 is promised, and takes a handshake."""
    world.expect(r"acme_eab:(warn|error)\]")
    httpd = world.httpd()
    configure(httpd, key_type="rsa2048",
              site="SSLProtocol TLSv1.2\nSSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256")
    httpd.start()
    assert httpd.get_tls(NAME).status == 503
    assert isinstance(httpd.certificate(NAME).public_key(), rsa.RSAPublicKey)
    context = client.trusting_anyone()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert client.get(httpd.https, NAME, tls=context).status == 503


def test_a_key_type_that_cannot_work_is_found_before_it_is_ordered(world):
    httpd = world.httpd()
    strict = "SSLCipherSuite DEFAULT@SECLEVEL=3"
    only_rsa = "SSLProtocol TLSv1.2\nSSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256"
    only_ecdsa = "SSLProtocol all -TLSv1.3\nSSLCipherSuite ECDHE-ECDSA-AES128-GCM-SHA256"
    for key_type, site, words in (
            ("rsa2048", strict, ("rsa2048", "128 bits", "SECLEVEL=3", str(httpd.conf))),
            ("rsa2048 p256", strict, ("rsa2048", "128 bits")),
            ("p256", only_rsa, ("p256", "ECDSA", "ECDHE-RSA-AES128-GCM-SHA256")),
            ("rsa3072", only_ecdsa, ("rsa3072", "RSA", "ECDHE-ECDSA")),
            ("p256", "SSLOpenSSLConfCmd CipherString DEFAULT@SECLEVEL=4",
             ("p256", "192 bits", "SSLOpenSSLConfCmd"))):
        configure(httpd, site=site, key_type=key_type)
        status, said = httpd.check()
        assert status != 0, (key_type, site)
        for word in words:
            assert word in said, (word, said)
    for key_type, site in (("p256", strict), ("rsa3072", strict), ("rsa2048", only_rsa),
                           ("p256", only_ecdsa), ("p256", "SSLCipherSuite ECDHE-RSA-AES128-SHA256")):
        configure(httpd, site=site, key_type=key_type)
        status, said = httpd.check()
        assert status == 0 and "would not work" not in said, (key_type, site, said)


def test_a_policy_of_the_system_is_told_and_not_fatal(world):
    """As in the policy FUTURE of some distributions; it is not in httpd's configuration."""
    world.expect(r"acme_eab:(warn|error)\]")
    httpd = world.httpd()
    policy = httpd.dir / "openssl.cnf"
    policy.write_text("openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = all\n"
                      "[all]\nCipherString = DEFAULT@SECLEVEL=3\n")
    httpd.environment = {"OPENSSL_CONF": str(policy)}
    configure(httpd, key_type="rsa2048")
    status, said = httpd.check()
    assert status == 0
    assert "would not work" in said and "policy of this system" in said
    seed(httpd, [rsa2048_pair()])
    httpd.start()
    assert httpd.get_tls(NAME).status == 503
    lives(httpd)
    wait_until(lambda: httpd.log.count("ee key too small"), 20, "the reason in the log")
